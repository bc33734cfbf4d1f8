// The real module files are go-1.NN.mod, one for each cert-manager version: go build -modfile=go-1.21.mod -tags cm1_21.
module github.com/cert-manager/cert-manager/certkeep-test

go 1.26.0
