// Two connections of Pion in one process, over sockets on loopback: the same as DataChannelBenchmark does with ours.
// Prints JSON. `Benchmarks/data_channels.py` builds and runs it.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pion/webrtc/v3"
)

// One byte less than the others send: its channels take no longer ones unless they are detached.
const messageSize = 64<<10 - 1
const bufferLimit = 4 << 20

type measurement struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

type call struct {
	caller, callee *webrtc.PeerConnection
	near, far      *webrtc.DataChannel
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func connection() *webrtc.PeerConnection {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	made, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	check(err)
	return made
}

func describe(connection *webrtc.PeerConnection, description webrtc.SessionDescription, err error) webrtc.SessionDescription {
	check(err)
	gathered := webrtc.GatheringCompletePromise(connection)
	check(connection.SetLocalDescription(description))
	<-gathered
	return *connection.LocalDescription()
}

func connect() *call {
	c := &call{caller: connection(), callee: connection()}
	opened, arrived := make(chan bool), make(chan *webrtc.DataChannel)
	c.callee.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnOpen(func() { arrived <- channel })
	})
	var err error
	c.near, err = c.caller.CreateDataChannel("benchmark", nil)
	check(err)
	c.near.OnOpen(func() { opened <- true })
	offer, err := c.caller.CreateOffer(nil)
	check(c.callee.SetRemoteDescription(describe(c.caller, offer, err)))
	answer, err := c.callee.CreateAnswer(nil)
	check(c.caller.SetRemoteDescription(describe(c.callee, answer, err)))
	<-opened
	c.far = <-arrived
	return c
}

func (c *call) close() {
	check(c.caller.Close())
	check(c.callee.Close())
}

func processorTime() float64 {
	var spent syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &spent))
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(spent.Utime) + seconds(spent.Stime)
}

func throughput(seconds int) []measurement {
	c := connect()
	var received int64
	c.far.OnMessage(func(message webrtc.DataChannelMessage) {
		atomic.AddInt64(&received, int64(len(message.Data)))
	})
	room := make(chan bool, 1)
	c.near.SetBufferedAmountLowThreshold(bufferLimit / 2)
	c.near.OnBufferedAmountLow(func() {
		select {
		case room <- true:
		default:
		}
	})
	var over int32
	go func() {
		message := make([]byte, messageSize)
		for atomic.LoadInt32(&over) == 0 {
			if c.near.BufferedAmount() >= bufferLimit {
				<-room
			}
			if c.near.Send(message) != nil {
				return
			}
		}
	}()
	time.Sleep(time.Second)
	start, cpu, count := time.Now(), processorTime(), atomic.LoadInt64(&received)
	time.Sleep(time.Duration(seconds) * time.Second)
	elapsed, spent := time.Since(start).Seconds(), processorTime()-cpu
	gigabits := float64(atomic.LoadInt64(&received)-count) * 8 / 1e9
	atomic.StoreInt32(&over, 1)
	c.close()
	return []measurement{
		{"throughput", gigabits * 1000 / elapsed, "Mbit/s"}, {"both ends", spent / gigabits, "CPU-s/Gbit"},
	}
}

func latency(rounds int) []measurement {
	c := connect()
	answered := make(chan bool)
	c.far.OnMessage(func(message webrtc.DataChannelMessage) { check(c.far.Send(message.Data)) })
	c.near.OnMessage(func(webrtc.DataChannelMessage) { answered <- true })
	var times []float64
	for round := 0; round < rounds+100; round++ {
		start := time.Now()
		check(c.near.Send([]byte{1}))
		<-answered
		if round >= 100 {
			times = append(times, float64(time.Since(start).Nanoseconds())/1e3)
		}
	}
	c.close()
	sort.Float64s(times)
	return []measurement{
		{"round trip, median", times[len(times)/2], "µs"}, {"round trip, p99", times[len(times)*99/100], "µs"},
	}
}

func main() {
	seconds, err := strconv.Atoi(os.Args[1])
	check(err)
	encoded, err := json.Marshal(append(throughput(seconds), latency(5000)...))
	check(err)
	fmt.Println(string(encoded))
}
