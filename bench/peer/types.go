package main

// The resources of borg-operator.dev/v1alpha1, as far as the loop looks at them, with deep copies as deepcopy-gen would write them.

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var groupVersion = schema.GroupVersion{Group: "borg-operator.dev", Version: "v1alpha1"}

func addToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(groupVersion, &BorgBackupTarget{}, &BorgBackupTargetList{}, &BorgServer{}, &BorgServerList{})
	metav1.AddToGroupVersion(scheme, groupVersion)
	return nil
}

type NameRef struct {
	Name string `json:"name"`
	Key  string `json:"key,omitempty"`
}

type Endpoint struct {
	Host         string  `json:"host"`
	Port         int32   `json:"port,omitempty"`
	User         string  `json:"user"`
	SSHSecretRef NameRef `json:"sshSecretRef"`
}

type RepositorySpec struct {
	Path                string   `json:"path"`
	Encryption          string   `json:"encryption,omitempty"`
	PassphraseSecretRef *NameRef `json:"passphraseSecretRef,omitempty"`
}

type SourceSpec struct {
	Paths         []string `json:"paths"`
	Excludes      []string `json:"excludes,omitempty"`
	Compression   string   `json:"compression,omitempty"`
	OneFileSystem bool     `json:"oneFileSystem,omitempty"`
}

type LimitsSpec struct {
	DeadlineSeconds         int64 `json:"deadlineSeconds,omitempty"`
	StartingDeadlineSeconds int64 `json:"startingDeadlineSeconds,omitempty"`
	Retries                 int32 `json:"retries,omitempty"`
}

type TargetSpec struct {
	ServerRef  NameRef          `json:"serverRef"`
	Repository RepositorySpec   `json:"repository"`
	Connection Endpoint         `json:"connection"`
	Source     SourceSpec       `json:"source"`
	Schedule   string           `json:"schedule,omitempty"`
	TimeZone   string           `json:"timeZone,omitempty"`
	Suspend    bool             `json:"suspend,omitempty"`
	Retention  map[string]int32 `json:"retention,omitempty"`
	Limits     LimitsSpec       `json:"limits,omitempty"`
}

type RunStatus struct {
	Job              string       `json:"job,omitempty"`
	Phase            string       `json:"phase,omitempty"`
	Reason           string       `json:"reason,omitempty"`
	Message          string       `json:"message,omitempty"`
	StartTime        *metav1.Time `json:"startTime,omitempty"`
	CompletionTime   *metav1.Time `json:"completionTime,omitempty"`
	Archive          string       `json:"archive,omitempty"`
	ArchiveID        string       `json:"archiveID,omitempty"`
	OriginalSize     int64        `json:"originalSize,omitempty"`
	CompressedSize   int64        `json:"compressedSize,omitempty"`
	DeduplicatedSize int64        `json:"deduplicatedSize,omitempty"`
	Files            int64        `json:"files,omitempty"`
	Pruned           int64        `json:"pruned,omitempty"`
	RunID            string       `json:"runID,omitempty"`
	Inputs           string       `json:"inputs,omitempty"`
}

type RepositoryStatus struct {
	ID         string `json:"id,omitempty"`
	Encryption string `json:"encryption,omitempty"`
	Archives   int64  `json:"archives,omitempty"`
}

type TargetStatus struct {
	ObservedGeneration   int64              `json:"observedGeneration"`
	Conditions           []metav1.Condition `json:"conditions,omitempty"`
	State                string             `json:"state,omitempty"`
	EffectiveSchedule    string             `json:"effectiveSchedule,omitempty"`
	NextBackupTime       *metav1.Time       `json:"nextBackupTime,omitempty"`
	LastBackup           *RunStatus         `json:"lastBackup,omitempty"`
	LastSuccessfulBackup *RunStatus         `json:"lastSuccessfulBackup,omitempty"`
	ConsecutiveFailures  int64              `json:"consecutiveFailures"`
	LastRunNow           string             `json:"lastRunNow,omitempty"`
	Repository           *RepositoryStatus  `json:"repository,omitempty"`
}

type BorgBackupTarget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              TargetSpec   `json:"spec,omitempty"`
	Status            TargetStatus `json:"status,omitempty"`
}

type BorgBackupTargetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []BorgBackupTarget `json:"items"`
}

type ServerSpec struct {
	Endpoint             `json:",inline"`
	RootDir              string `json:"rootDir"`
	MaxConcurrentBackups int    `json:"maxConcurrentBackups,omitempty"`
}

type ServerStatus struct {
	ObservedGeneration int64              `json:"observedGeneration"`
	Targets            int64              `json:"targets"`
	Running            int64              `json:"running"`
	Waiting            int64              `json:"waiting"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

type BorgServer struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              ServerSpec   `json:"spec,omitempty"`
	Status            ServerStatus `json:"status,omitempty"`
}

type BorgServerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []BorgServer `json:"items"`
}

func copied[T any](from *T) *T {
	if from == nil {
		return nil
	}
	to := *from
	return &to
}

func copyConditions(from []metav1.Condition) []metav1.Condition {
	if from == nil {
		return nil
	}
	to := make([]metav1.Condition, len(from))
	for i := range from {
		from[i].DeepCopyInto(&to[i])
	}
	return to
}

func (r *RunStatus) DeepCopy() *RunStatus {
	to := copied(r)
	if to != nil {
		to.StartTime, to.CompletionTime = r.StartTime.DeepCopy(), r.CompletionTime.DeepCopy()
	}
	return to
}

func (s *TargetStatus) DeepCopyInto(to *TargetStatus) {
	*to = *s
	to.Conditions = copyConditions(s.Conditions)
	to.NextBackupTime = s.NextBackupTime.DeepCopy()
	to.LastBackup, to.LastSuccessfulBackup = s.LastBackup.DeepCopy(), s.LastSuccessfulBackup.DeepCopy()
	to.Repository = copied(s.Repository)
}

func (s *TargetSpec) DeepCopyInto(to *TargetSpec) {
	*to = *s
	to.Repository.PassphraseSecretRef = copied(s.Repository.PassphraseSecretRef)
	to.Source.Paths = append([]string(nil), s.Source.Paths...)
	to.Source.Excludes = append([]string(nil), s.Source.Excludes...)
	if s.Retention != nil {
		to.Retention = make(map[string]int32, len(s.Retention))
		for key, value := range s.Retention {
			to.Retention[key] = value
		}
	}
}

func (t *BorgBackupTarget) DeepCopy() *BorgBackupTarget {
	to := &BorgBackupTarget{TypeMeta: t.TypeMeta}
	t.ObjectMeta.DeepCopyInto(&to.ObjectMeta)
	t.Spec.DeepCopyInto(&to.Spec)
	t.Status.DeepCopyInto(&to.Status)
	return to
}
func (t *BorgBackupTarget) DeepCopyObject() runtime.Object { return t.DeepCopy() }

func (l *BorgBackupTargetList) DeepCopyObject() runtime.Object {
	to := &BorgBackupTargetList{TypeMeta: l.TypeMeta}
	l.ListMeta.DeepCopyInto(&to.ListMeta)
	for i := range l.Items {
		to.Items = append(to.Items, *l.Items[i].DeepCopy())
	}
	return to
}

func (s *BorgServer) DeepCopy() *BorgServer {
	to := &BorgServer{TypeMeta: s.TypeMeta, Spec: s.Spec, Status: s.Status}
	s.ObjectMeta.DeepCopyInto(&to.ObjectMeta)
	to.Status.Conditions = copyConditions(s.Status.Conditions)
	return to
}
func (s *BorgServer) DeepCopyObject() runtime.Object { return s.DeepCopy() }

func (l *BorgServerList) DeepCopyObject() runtime.Object {
	to := &BorgServerList{TypeMeta: l.TypeMeta}
	l.ListMeta.DeepCopyInto(&to.ListMeta)
	for i := range l.Items {
		to.Items = append(to.Items, *l.Items[i].DeepCopy())
	}
	return to
}
