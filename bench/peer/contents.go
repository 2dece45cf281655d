package main

// Which keys Secrets have, read when it is needed and new: only their metadata is watched.

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

type secretFacts struct {
	version string
	keys    map[string]bool
}

type contents struct {
	cached  client.Reader
	live    client.Reader
	mutex   sync.Mutex
	secrets map[types.NamespacedName]secretFacts
}

// The keys with something in them; nil: there is no such Secret.
func (c *contents) keysOf(ctx context.Context, key types.NamespacedName) (map[string]bool, error) {
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	if err := c.cached.Get(ctx, key, metadata); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	// Held while one is read, so that several workers do not read the same.
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if known := c.secrets[key]; known.version == metadata.ResourceVersion {
		return known.keys, nil
	}
	secret := &corev1.Secret{}
	if err := c.live.Get(ctx, key, secret); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	facts := secretFacts{secret.ResourceVersion, map[string]bool{}}
	for name, value := range secret.Data {
		facts.keys[name] = len(value) > 0
	}
	c.secrets[key] = facts
	return facts.keys, nil
}
