#pragma once
#include <stddef.h>

/// Scripts what this thread's next calls of sendmmsg do: a positive number is the errno to fail with, a
/// negative one the most messages to take, and 0 lets the call through. After that calls are as ever.
void script_sendmmsg(const int *steps, size_t count);
/// How many steps of the script are left.
size_t remaining_steps(void);
