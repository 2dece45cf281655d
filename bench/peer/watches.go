package main

// What is watched, how it is found, and whose turn follows from a change.

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Names of indices.
const (
	byTarget     = "target"
	byServer     = "server"
	byRepository = "repository"
	bySecret     = "secret"
)

const dataDigest = "digest" // the only key of a plan in the cache

// Of what the operator makes only that, of everything no managed fields, and of plans a digest.
func cacheOptions() cache.Options {
	ours := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{managedByLabel: manager})}
	return cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&batchv1.CronJob{}: ours, &batchv1.Job{}: ours, &corev1.Pod{}: ours,
			&corev1.ConfigMap{}: {Label: ours.Label, Transform: digestOnly}},
	}
}

func digestOnly(in any) (any, error) {
	if plan, is := in.(*corev1.ConfigMap); is && plan.ManagedFields != nil {
		plan.ManagedFields = nil
		plan.Data = map[string]string{dataDigest: digestOf(plan.Data)}
	}
	return in, nil
}

func repositoryOf(target *BorgBackupTarget) string {
	return target.Spec.ServerRef.Name + " " + target.Spec.Repository.Path
}

func addIndices(ctx context.Context, mgr ctrl.Manager) error {
	ofTarget := func(object client.Object) []string { return []string{object.GetAnnotations()[targetNameAnnotation]} }
	indices := []struct {
		of    client.Object
		name  string
		value client.IndexerFunc
	}{
		{&batchv1.Job{}, byTarget, ofTarget},
		{&corev1.Pod{}, byTarget, ofTarget},
		{&batchv1.Job{}, byServer, func(object client.Object) []string { return []string{object.GetLabels()[serverLabel]} }},
		{&BorgBackupTarget{}, byServer, func(object client.Object) []string {
			return []string{object.(*BorgBackupTarget).Spec.ServerRef.Name}
		}},
		{&BorgBackupTarget{}, byRepository, func(object client.Object) []string {
			return []string{repositoryOf(object.(*BorgBackupTarget))}
		}},
		{&BorgBackupTarget{}, bySecret, func(object client.Object) []string {
			target := object.(*BorgBackupTarget)
			names := []string{target.Spec.Connection.SSHSecretRef.Name}
			if passphrase := target.Spec.Repository.PassphraseSecretRef; passphrase != nil {
				names = append(names, passphrase.Name)
			}
			return names
		}},
		{&BorgServer{}, bySecret, func(object client.Object) []string {
			return []string{object.(*BorgServer).Spec.SSHSecretRef.Name}
		}},
	}
	for _, index := range indices {
		if err := mgr.GetFieldIndexer().IndexField(ctx, index.of, index.name, index.value); err != nil {
			return err
		}
	}
	return nil
}

func requestFor(namespace, name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}
}

// Those of `list` in the object's namespace whose index has that value.
func targetsBy(reader client.Reader, ctx context.Context, namespace, index, value string) (requests []reconcile.Request) {
	var targets BorgBackupTargetList
	if reader.List(ctx, &targets, client.InNamespace(namespace), client.MatchingFields{index: value}, client.UnsafeDisableDeepCopy) == nil {
		for i := range targets.Items {
			requests = append(requests, requestFor(namespace, targets.Items[i].Name))
		}
	}
	return requests
}

func serversBySecret(reader client.Reader, ctx context.Context, secret client.Object) (requests []reconcile.Request) {
	var servers BorgServerList
	if reader.List(ctx, &servers, client.InNamespace(secret.GetNamespace()), client.MatchingFields{bySecret: secret.GetName()}) == nil {
		for i := range servers.Items {
			requests = append(requests, requestFor(secret.GetNamespace(), servers.Items[i].Name))
		}
	}
	return requests
}

func controllerOptions(workers int) controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: workers,
		// Ready to go on at once when the leader is gone.
		EnableWarmup: ptr.To(true),
		RateLimiter:  workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstBackoff, longestBackoff),
	}
}

func addControllers(mgr ctrl.Manager, workers int) error {
	reader := mgr.GetClient()
	read := &contents{cached: reader, live: mgr.GetAPIReader(), secrets: map[types.NamespacedName]secretFacts{}}
	ofTarget := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, object client.Object) []reconcile.Request {
		return []reconcile.Request{requestFor(object.GetNamespace(), object.GetAnnotations()[targetNameAnnotation])}
	})
	specOnly := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	err := ctrl.NewControllerManagedBy(mgr).
		For(&BorgBackupTarget{}).
		Watches(&BorgServer{}, handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, server client.Object) []reconcile.Request {
			return targetsBy(reader, ctx, server.GetNamespace(), byServer, server.GetName())
		}), specOnly).
		Watches(&batchv1.CronJob{}, ofTarget).
		Watches(&batchv1.Job{}, ofTarget).
		Watches(&corev1.Pod{}, ofTarget).
		Watches(&corev1.ConfigMap{}, ofTarget).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, secret client.Object) []reconcile.Request {
			requests := targetsBy(reader, ctx, secret.GetNamespace(), bySecret, secret.GetName())
			for _, server := range serversBySecret(reader, ctx, secret) {
				requests = append(requests, targetsBy(reader, ctx, server.Namespace, byServer, server.Name)...)
			}
			return requests
		})).
		WithOptions(controllerOptions(workers)).
		Complete(&targetLoop{Client: reader, contents: read})
	if err != nil {
		return err
	}
	ofServer := func(name func(client.Object) string) handler.EventHandler {
		return handler.EnqueueRequestsFromMapFunc(func(_ context.Context, object client.Object) []reconcile.Request {
			return []reconcile.Request{requestFor(object.GetNamespace(), name(object))}
		})
	}
	return ctrl.NewControllerManagedBy(mgr).
		For(&BorgServer{}).
		Watches(&BorgBackupTarget{}, ofServer(func(object client.Object) string {
			return object.(*BorgBackupTarget).Spec.ServerRef.Name
		})).
		Watches(&batchv1.Job{}, ofServer(func(object client.Object) string { return object.GetLabels()[serverLabel] })).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, secret client.Object) []reconcile.Request {
			return serversBySecret(reader, ctx, secret)
		})).
		WithOptions(controllerOptions(1)).
		Complete(&serverLoop{Client: reader, contents: read})
}
