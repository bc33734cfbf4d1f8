// The versions of cert-manager stand in go-VERSION.mod; this file only marks the root of the module.
module github.com/cert-manager/cert-manager/certkeep-truth

go 1.26.0
