package main

// What is made for a target: its plan, its CronJob, and Jobs.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

const (
	manager              = "borg-operator"
	managedByLabel       = "app.kubernetes.io/managed-by"
	targetLabel          = "borg-operator.dev/target"
	serverLabel          = "borg-operator.dev/server"
	runLabel             = "borg-operator.dev/run"
	runNowAnnotation     = "borg-operator.dev/run-now"
	targetNameAnnotation = "borg-operator.dev/target-name"
	triggerAnnotation    = "borg-operator.dev/triggered-by"
	appliedAnnotation    = "borg-operator.dev/applied"
	inputsAnnotation     = "borg-operator.dev/inputs"
	recordedAnnotation   = "borg-operator.dev/recorded"
	resultFinalizer      = "borg-operator.dev/unread-result"
	userID               = 10001
)

func digestOf(value any) string {
	text, _ := json.Marshal(value)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func planName(target string) string    { return target + "-plan-" + digestOf(target + "/plan")[:8] }
func cronJobName(target string) string { return target }
func runNowName(target, value string) string {
	return target + "-now-" + digestOf(target + "/" + value)[:8]
}

func ownedMeta(target *BorgBackupTarget, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:      name,
		Namespace: target.Namespace,
		Labels: map[string]string{
			targetLabel: target.Name, serverLabel: target.Spec.ServerRef.Name, runLabel: "backup", managedByLabel: manager},
		Annotations: map[string]string{targetNameAnnotation: target.Name},
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion: groupVersion.String(), Kind: "BorgBackupTarget", Name: target.Name, UID: target.UID,
			Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(false)}},
	}
}

func buildPlan(target *BorgBackupTarget, server *BorgServer) *corev1.ConfigMap {
	endpoint := func(to Endpoint, directory string) map[string]any {
		return map[string]any{"host": to.Host, "port": to.Port, "user": to.User,
			"privateKeyFile": directory + "/ssh-privatekey", "knownHostsFile": directory + "/known_hosts"}
	}
	serverJSON := endpoint(server.Spec.Endpoint, "/secrets/server")
	serverJSON["rootDir"] = server.Spec.RootDir
	plan := map[string]any{
		"version": 1,
		"server":  serverJSON,
		"targets": []any{map[string]any{
			"name":       target.Name,
			"connection": endpoint(target.Spec.Connection, "/secrets/target"),
			"repository": map[string]any{"path": target.Spec.Repository.Path, "encryption": target.Spec.Repository.Encryption,
				"ledgerFile": "/state/ledger.json", "passphraseFile": "/secrets/repository/passphrase", "lockOwner": target.UID},
			"source":    target.Spec.Source,
			"limits":    target.Spec.Limits,
			"retention": target.Spec.Retention,
		}},
	}
	text, _ := json.MarshalIndent(plan, "", "  ")
	meta := ownedMeta(target, planName(target.Name))
	delete(meta.Labels, runLabel)
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: meta,
		Data:       map[string]string{"backup.yaml": string(text) + "\n"},
	}
}

func podTemplate(target *BorgBackupTarget, server *BorgServer) corev1.PodTemplateSpec {
	var volumes []corev1.Volume
	var mounts []corev1.VolumeMount
	add := func(name, path string, source corev1.VolumeSource) {
		volumes = append(volumes, corev1.Volume{Name: name, VolumeSource: source})
		mounts = append(mounts, corev1.VolumeMount{Name: name, MountPath: path, ReadOnly: name != "tmp"})
	}
	secret := func(name, of string, keys ...corev1.KeyToPath) {
		add(name, "/secrets/"+name, corev1.VolumeSource{
			Secret: &corev1.SecretVolumeSource{SecretName: of, DefaultMode: ptr.To[int32](0o440), Items: keys}})
	}
	key := corev1.KeyToPath{Key: "ssh-privatekey", Path: "ssh-privatekey"}
	hosts := corev1.KeyToPath{Key: "known_hosts", Path: "known_hosts"}
	add("plan", "/plan", corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: planName(target.Name)},
		Items:                []corev1.KeyToPath{{Key: "backup.yaml", Path: "backup.yaml"}}}})
	add("state", "/state", corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: target.Name + "-state"},
		Items:                []corev1.KeyToPath{{Key: "ledger.json", Path: "ledger.json"}}, Optional: ptr.To(true)}})
	secret("server", server.Spec.SSHSecretRef.Name, key, hosts)
	secret("target", target.Spec.Connection.SSHSecretRef.Name, key, hosts)
	if passphrase := target.Spec.Repository.PassphraseSecretRef; passphrase != nil {
		secret("repository", passphrase.Name, corev1.KeyToPath{Key: passphraseKey(passphrase), Path: "passphrase"})
	}
	add("tmp", "/tmp", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}})
	meta := ownedMeta(target, "")
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: meta.Labels, Annotations: meta.Annotations, Finalizers: []string{resultFinalizer}},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: ptr.To(false), EnableServiceLinks: ptr.To(false),
			TerminationGracePeriodSeconds: ptr.To[int64](30),
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](userID),
				RunAsGroup: ptr.To[int64](userID), FSGroup: ptr.To[int64](userID),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Containers: []corev1.Container{{
				Name: "engine", Image: options.engineImage, ImagePullPolicy: corev1.PullIfNotPresent, Command: []string{"borg-engine"},
				Args:                     []string{"run", "--plan", "/plan/backup.yaml", "--log-format", "json", "--termination-log", "/dev/termination-log"},
				Env:                      []corev1.EnvVar{{Name: "HOME", Value: "/tmp"}},
				TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
				SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
				VolumeMounts: mounts,
			}},
			Volumes: volumes,
		},
	}
}

func jobSpec(target *BorgBackupTarget, server *BorgServer, suspended bool) batchv1.JobSpec {
	spec := batchv1.JobSpec{
		BackoffLimit: ptr.To[int32](0), Completions: ptr.To[int32](1), Parallelism: ptr.To[int32](1),
		PodReplacementPolicy:  ptr.To(batchv1.Failed),
		ActiveDeadlineSeconds: ptr.To(target.Spec.Limits.DeadlineSeconds + 180),
		PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{{
			Action: batchv1.PodFailurePolicyActionIgnore,
			OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{
				{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}}}}},
		Template: podTemplate(target, server),
	}
	if suspended {
		spec.Suspend = ptr.To(true)
	}
	return spec
}

func buildCronJob(target *BorgBackupTarget, server *BorgServer, suspendJobs bool) *batchv1.CronJob {
	spec := jobSpec(target, server, suspendJobs)
	meta := ownedMeta(target, cronJobName(target.Name))
	zone := target.Spec.TimeZone
	if zone == "" {
		zone = "Etc/UTC"
	}
	return &batchv1.CronJob{
		TypeMeta:   metav1.TypeMeta{APIVersion: "batch/v1", Kind: "CronJob"},
		ObjectMeta: meta,
		Spec: batchv1.CronJobSpec{
			Schedule: target.Spec.Schedule, TimeZone: ptr.To(zone), ConcurrencyPolicy: batchv1.ForbidConcurrent,
			StartingDeadlineSeconds: ptr.To(target.Spec.Limits.StartingDeadlineSeconds), Suspend: ptr.To(target.Spec.Suspend),
			SuccessfulJobsHistoryLimit: ptr.To[int32](200), FailedJobsHistoryLimit: ptr.To[int32](200),
			JobTemplate: batchv1.JobTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: meta.Labels,
					Annotations: map[string]string{targetNameAnnotation: target.Name, inputsAnnotation: digestOf(spec)}},
				Spec: spec,
			},
		},
	}
}

func buildJob(target *BorgBackupTarget, server *BorgServer, value string) *batchv1.Job {
	spec := jobSpec(target, server, true)
	meta := ownedMeta(target, runNowName(target.Name, value))
	meta.Finalizers = []string{resultFinalizer}
	meta.Annotations[triggerAnnotation] = value
	meta.Annotations[inputsAnnotation] = digestOf(spec)
	spec.TTLSecondsAfterFinished = ptr.To[int32](7 * 24 * 3600)
	return &batchv1.Job{TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"}, ObjectMeta: meta, Spec: spec}
}

func passphraseKey(ref *NameRef) string {
	if ref.Key == "" {
		return "passphrase"
	}
	return ref.Key
}
