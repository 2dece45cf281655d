package main

// The loop of a BorgBackupTarget: observe, decide, write what is missing.

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const resync = 10 * time.Minute

type targetLoop struct {
	client.Client
	contents *contents
}

func (l *targetLoop) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	target := &BorgBackupTarget{}
	if err := l.Get(ctx, request.NamespacedName, target); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	var jobs batchv1.JobList
	var pods corev1.PodList
	ofTarget := []client.ListOption{client.InNamespace(target.Namespace), client.MatchingFields{byTarget: target.Name}}
	if err := l.List(ctx, &jobs, ofTarget...); err != nil {
		return ctrl.Result{}, err
	}
	if err := l.List(ctx, &pods, ofTarget...); err != nil {
		return ctrl.Result{}, err
	}
	if target.DeletionTimestamp != nil {
		return ctrl.Result{}, l.letGo(ctx, jobs.Items, pods.Items, false)
	}
	status := &TargetStatus{}
	target.Status.DeepCopyInto(status)
	if status.Repository == nil {
		status.Repository = &RepositoryStatus{Encryption: target.Spec.Repository.Encryption}
	}
	server, obstacle, err := l.setup(ctx, target)
	if err != nil {
		return ctrl.Result{}, err
	}
	var inputs string
	if server != nil {
		inputs = digestOf(jobSpec(target, server, false))
	}
	recorded, running := takeIn(status, jobs.Items, pods.Items, inputs)
	type event struct{ reason, note string }
	var events []event
	if status.EffectiveSchedule != target.Spec.Schedule {
		events = append(events, event{"ScheduleChanged", "Backups run at " + target.Spec.Schedule})
	}
	if before := target.Status.LastBackup; running && (before == nil || before.Job != status.LastBackup.Job) {
		events = append(events, event{"BackupStarted", "Job " + status.LastBackup.Job})
	}
	if server != nil && obstacle == "" {
		if err := l.applyOwned(ctx, target, server); err != nil {
			return ctrl.Result{}, err
		}
		if value := target.Annotations[runNowAnnotation]; value != "" && value != status.LastRunNow {
			if err := client.IgnoreAlreadyExists(l.Create(ctx, buildJob(target, server, value))); err != nil {
				return ctrl.Result{}, err
			}
			status.LastRunNow = value
			events = append(events, event{"BackupRequested", "Annotation run-now: " + value})
		}
	}
	next, err := nextTime(target)
	if err != nil {
		obstacle = err.Error()
	}
	setStatus(status, target, obstacle, next, running)
	if !equality.Semantic.DeepEqual(status, &target.Status) {
		if err := applyStatus(ctx, l.Client, "BorgBackupTarget", target, status); err != nil {
			return ctrl.Result{}, err
		}
	}
	for i := range recorded {
		events = append(events, event{"BackupCompleted", "Job " + recorded[i].Name})
	}
	for _, one := range events {
		l.tell(ctx, target, one.reason, one.note)
	}
	ended := make([]batchv1.Job, 0, len(recorded))
	for _, job := range recorded {
		ended = append(ended, *job)
	}
	if err := l.letGo(ctx, ended, pods.Items, true); err != nil {
		return ctrl.Result{}, err
	}
	wait := resync
	if next != nil && time.Until(next.Time) < wait {
		wait = max(time.Until(next.Time), time.Second)
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}

// The server, where it is there, and what stands in the way.
func (l *targetLoop) setup(ctx context.Context, target *BorgBackupTarget) (*BorgServer, string, error) {
	server := &BorgServer{}
	if err := l.Get(ctx, types.NamespacedName{Namespace: target.Namespace, Name: target.Spec.ServerRef.Name}, server); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, "There is no BorgServer " + target.Spec.ServerRef.Name, nil
		}
		return nil, "", err
	}
	needed := map[string][]string{}
	for _, name := range []string{server.Spec.SSHSecretRef.Name, target.Spec.Connection.SSHSecretRef.Name} {
		needed[name] = append(needed[name], "ssh-privatekey", "known_hosts")
	}
	if passphrase := target.Spec.Repository.PassphraseSecretRef; passphrase != nil {
		needed[passphrase.Name] = append(needed[passphrase.Name], passphraseKey(passphrase))
	}
	for name, keys := range needed {
		there, err := l.contents.keysOf(ctx, types.NamespacedName{Namespace: target.Namespace, Name: name})
		if err != nil {
			return nil, "", err
		}
		for _, key := range keys {
			if !there[key] {
				return server, fmt.Sprintf("The Secret %s has no key %s", name, key), nil
			}
		}
	}
	var sharing BorgBackupTargetList
	path := client.MatchingFields{byRepository: repositoryOf(target)}
	if err := l.List(ctx, &sharing, client.InNamespace(target.Namespace), path); err != nil {
		return nil, "", err
	}
	for i := range sharing.Items {
		if sharing.Items[i].CreationTimestamp.Before(&target.CreationTimestamp) {
			return server, "The repository is that of " + sharing.Items[i].Name, nil
		}
	}
	return server, "", nil
}

func (l *targetLoop) applyOwned(ctx context.Context, target *BorgBackupTarget, server *BorgServer) error {
	var sharing BorgBackupTargetList
	if err := l.List(ctx, &sharing, client.InNamespace(target.Namespace), client.MatchingFields{byServer: server.Name},
		client.UnsafeDisableDeepCopy); err != nil {
		return err
	}
	plan := buildPlan(target, server)
	seal := digestOf(plan)
	plan.Annotations[appliedAnnotation] = seal
	there := &corev1.ConfigMap{}
	if err := client.IgnoreNotFound(l.Get(ctx, client.ObjectKeyFromObject(plan), there)); err != nil {
		return err
	}
	if there.Annotations[appliedAnnotation] != seal || there.Data[dataDigest] != digestOf(plan.Data) {
		if err := l.Patch(ctx, plan, client.Apply, client.FieldOwner(manager), client.ForceOwnership); err != nil {
			return err
		}
	}
	wanted := buildCronJob(target, server, len(sharing.Items) > limitOf(server))
	seal = digestOf(wanted)
	wanted.Annotations[appliedAnnotation] = seal
	found := &batchv1.CronJob{}
	if err := client.IgnoreNotFound(l.Get(ctx, client.ObjectKeyFromObject(wanted), found)); err != nil {
		return err
	}
	same := found.Annotations[appliedAnnotation] == seal && found.Spec.Schedule == wanted.Spec.Schedule &&
		equality.Semantic.DeepEqual(found.Spec.TimeZone, wanted.Spec.TimeZone) &&
		equality.Semantic.DeepEqual(found.Spec.Suspend, wanted.Spec.Suspend) &&
		found.Spec.ConcurrencyPolicy == wanted.Spec.ConcurrencyPolicy &&
		equality.Semantic.DeepEqual(found.Spec.JobTemplate.Spec.Suspend, wanted.Spec.JobTemplate.Spec.Suspend)
	if same {
		return nil
	}
	return l.Patch(ctx, wanted, client.Apply, client.FieldOwner(manager), client.ForceOwnership)
}

// Takes the finalizer off Jobs, and off the pods of those that ended.
func (l *targetLoop) letGo(ctx context.Context, jobs []batchv1.Job, pods []corev1.Pod, recorded bool) error {
	done := map[string]bool{}
	for i := range jobs {
		done[jobs[i].Name] = true
		if err := client.IgnoreNotFound(l.withoutFinalizer(ctx, &jobs[i], recorded)); err != nil {
			return err
		}
	}
	for i := range pods {
		if done[pods[i].Labels[batchv1.JobNameLabel]] {
			if err := client.IgnoreNotFound(l.withoutFinalizer(ctx, &pods[i], false)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *targetLoop) withoutFinalizer(ctx context.Context, object client.Object, recorded bool) error {
	kept := []string{}
	for _, finalizer := range object.GetFinalizers() {
		if finalizer != resultFinalizer {
			kept = append(kept, finalizer)
		}
	}
	if len(kept) == len(object.GetFinalizers()) {
		return nil
	}
	metadata := map[string]any{"uid": object.GetUID(), "resourceVersion": object.GetResourceVersion(), "finalizers": kept}
	if recorded {
		metadata["annotations"] = map[string]string{recordedAnnotation: "true"}
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return err
	}
	return l.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch))
}

func (l *targetLoop) tell(ctx context.Context, target *BorgBackupTarget, reason, note string) {
	now := metav1.NowMicro()
	event := &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: target.Namespace, Name: target.Name + "." + digestOf(note+now.String())},
		EventTime:  now, ReportingController: "borg-operator.dev/operator", ReportingInstance: "peer", Action: "Reconcile",
		Regarding: corev1.ObjectReference{APIVersion: groupVersion.String(), Kind: "BorgBackupTarget", Name: target.Name,
			Namespace: target.Namespace, UID: target.UID},
		Type: "Normal", Reason: reason, Note: note}
	if err := l.Create(ctx, event); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "an Event could not be written")
	}
}

func nextTime(target *BorgBackupTarget) (*metav1.Time, error) {
	if target.Spec.Schedule == "" || target.Spec.Suspend {
		return nil, nil
	}
	zone, err := time.LoadLocation(target.Spec.TimeZone)
	if err != nil {
		return nil, err
	}
	schedule, err := cron.ParseStandard(target.Spec.Schedule)
	if err != nil {
		return nil, err
	}
	next := metav1.NewTime(schedule.Next(time.Now().In(zone)))
	return &next, nil
}

func setStatus(status *TargetStatus, target *BorgBackupTarget, obstacle string, next *metav1.Time, running bool) {
	status.ObservedGeneration = target.Generation
	status.EffectiveSchedule, status.NextBackupTime = target.Spec.Schedule, next
	ready := metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Idle", Message: "Set up",
		ObservedGeneration: target.Generation}
	status.State = "Idle"
	if running {
		status.State, ready.Reason = "Running", "Running"
	}
	if obstacle != "" {
		status.State, status.NextBackupTime = "Waiting", nil
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, "Waiting", obstacle
	}
	meta.SetStatusCondition(&status.Conditions, ready)
	if last := status.LastBackup; last != nil && last.CompletionTime != nil {
		succeeded := metav1.Condition{Type: "BackupSucceeded", Status: metav1.ConditionTrue, Reason: last.Phase, Message: last.Message,
			ObservedGeneration: target.Generation}
		if last.Phase == "Failed" {
			succeeded.Status = metav1.ConditionFalse
		}
		meta.SetStatusCondition(&status.Conditions, succeeded)
	}
}

// Server-side apply, with what it was decided from as precondition.
func applyStatus(ctx context.Context, to client.Client, kind string, object client.Object, status any) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(status)
	if err != nil {
		return err
	}
	applied := &unstructured.Unstructured{Object: map[string]any{"status": fields}}
	applied.SetGroupVersionKind(groupVersion.WithKind(kind))
	applied.SetNamespace(object.GetNamespace())
	applied.SetName(object.GetName())
	applied.SetUID(object.GetUID())
	applied.SetResourceVersion(object.GetResourceVersion())
	return to.Status().Patch(ctx, applied, client.Apply, client.FieldOwner(manager), client.ForceOwnership)
}
