//go:build nodisabled

package main

// 1.21.0 does not look at the policy Disabled before it computes the renewal time, and crashes there.
const looksAtDisabled = false
