//go:build !cm1_11

package main

import (
	corev1listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	internalinformers "github.com/cert-manager/cert-manager/internal/informers"
)

// secretFactory gives the controller a Secret lister over an index that we fill ourselves.
type secretFactory struct {
	internalinformers.KubeInformerFactory
	indexer cache.Indexer
}

func (f secretFactory) Secrets() internalinformers.SecretInformer {
	return secretInformer{f.KubeInformerFactory.Secrets(), f.indexer}
}

type secretInformer struct {
	internalinformers.SecretInformer
	indexer cache.Indexer
}

func (i secretInformer) Lister() internalinformers.SecretLister { return secretLister{i.indexer} }

type secretLister struct{ indexer cache.Indexer }

func (l secretLister) Secrets(namespace string) corev1listers.SecretNamespaceLister {
	return corev1listers.NewSecretLister(l.indexer).Secrets(namespace)
}
