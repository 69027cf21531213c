@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzForwarder(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt { 0 }
