//go:build !nodisabled

package main

// Since 1.21.1 the policy Disabled goes before the window that an ACME server suggests.
const looksAtDisabled = true
