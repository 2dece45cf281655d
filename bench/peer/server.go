package main

// The loop of a BorgServer: releases Jobs that wait, so many at a time, and counts.

import (
	"context"
	"fmt"
	"sort"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

type serverLoop struct {
	client.Client
	contents *contents
}

func limitOf(server *BorgServer) int {
	if server.Spec.MaxConcurrentBackups == 0 {
		return 8
	}
	return server.Spec.MaxConcurrentBackups
}

func (l *serverLoop) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	server := &BorgServer{}
	if err := l.Get(ctx, request.NamespacedName, server); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if server.DeletionTimestamp != nil {
		return ctrl.Result{}, nil
	}
	keys, err := l.contents.keysOf(ctx, types.NamespacedName{Namespace: server.Namespace, Name: server.Spec.SSHSecretRef.Name})
	if err != nil {
		return ctrl.Result{}, err
	}
	var targets BorgBackupTargetList
	ofServer := client.MatchingFields{byServer: server.Name}
	if err := l.List(ctx, &targets, client.InNamespace(server.Namespace), ofServer, client.UnsafeDisableDeepCopy); err != nil {
		return ctrl.Result{}, err
	}
	ready := map[string]bool{}
	for i := range targets.Items {
		target := &targets.Items[i]
		ready[target.Name] = target.DeletionTimestamp == nil && !target.Spec.Suspend &&
			target.Status.ObservedGeneration == target.Generation && meta.IsStatusConditionTrue(target.Status.Conditions, "Ready")
	}
	var jobs batchv1.JobList
	if err := l.List(ctx, &jobs, client.InNamespace(server.Namespace), ofServer, client.UnsafeDisableDeepCopy); err != nil {
		return ctrl.Result{}, err
	}
	var waiting []*batchv1.Job
	busy := map[string]bool{}
	running := 0
	for i := range jobs.Items {
		job := &jobs.Items[i]
		if end, _ := endOf(job); end != nil {
			continue
		}
		if isSuspended(job) {
			waiting = append(waiting, job)
			continue
		}
		running++
		busy[job.Annotations[targetNameAnnotation]] = true
	}
	sort.Slice(waiting, func(i, j int) bool {
		if !waiting[i].CreationTimestamp.Equal(&waiting[j].CreationTimestamp) {
			return waiting[i].CreationTimestamp.Before(&waiting[j].CreationTimestamp)
		}
		return waiting[i].Name < waiting[j].Name
	})
	released := 0
	for _, job := range waiting {
		name := job.Annotations[targetNameAnnotation]
		if running >= limitOf(server) || !keys["ssh-privatekey"] {
			break
		}
		if busy[name] || !ready[name] {
			continue
		}
		patch := fmt.Sprintf(`{"metadata": {"uid": %q}, "spec": {"suspend": false}}`, job.UID)
		changed := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: job.Namespace, Name: job.Name}}
		err := l.Patch(ctx, changed, client.RawPatch(types.MergePatchType, []byte(patch)))
		if client.IgnoreNotFound(err) != nil {
			return ctrl.Result{}, err
		}
		busy[name] = true
		running++
		released++
	}
	status := &ServerStatus{ObservedGeneration: server.Generation, Targets: int64(len(targets.Items)), Running: int64(running),
		Waiting: int64(len(waiting) - released), Conditions: copyConditions(server.Status.Conditions)}
	condition := metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Ready", Message: "Backups can run",
		ObservedGeneration: server.Generation}
	if !keys["ssh-privatekey"] || !keys["known_hosts"] {
		condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, "SecretMissing", server.Spec.SSHSecretRef.Name
	}
	meta.SetStatusCondition(&status.Conditions, condition)
	if equality.Semantic.DeepEqual(*status, server.Status) {
		return ctrl.Result{RequeueAfter: resync}, nil
	}
	return ctrl.Result{RequeueAfter: resync}, applyStatus(ctx, l.Client, "BorgServer", server, status)
}
