package main

// What became of a target's Jobs, and what of it comes into the status.

import (
	"encoding/json"
	"sort"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// The summary in a termination message.
type report struct {
	Targets []struct {
		Outcome    string `json:"outcome"`
		Repository struct {
			ID       string `json:"id"`
			Archives int64  `json:"archives"`
		} `json:"repository"`
		Archive *struct {
			ID               string `json:"id"`
			Name             string `json:"name"`
			OriginalSize     int64  `json:"originalSize"`
			CompressedSize   int64  `json:"compressedSize"`
			DeduplicatedSize int64  `json:"deduplicatedSize"`
			Files            int64  `json:"files"`
		} `json:"archive"`
		Pruned int64 `json:"pruned"`
		Error  *struct {
			Reason  string `json:"reason"`
			Message string `json:"message"`
		} `json:"error"`
	} `json:"targets"`
}

func endOf(job *batchv1.Job) (time *metav1.Time, good bool) {
	for i := range job.Status.Conditions {
		condition := &job.Status.Conditions[i]
		if condition.Status != corev1.ConditionTrue {
			continue
		}
		if condition.Type == batchv1.JobComplete || condition.Type == batchv1.JobFailed {
			return &condition.LastTransitionTime, condition.Type == batchv1.JobComplete
		}
	}
	return nil, false
}

func isSuspended(job *batchv1.Job) bool { return job.Spec.Suspend != nil && *job.Spec.Suspend }

func newestPodOf(job *batchv1.Job, pods []corev1.Pod) *corev1.Pod {
	var newest *corev1.Pod
	for i := range pods {
		pod := &pods[i]
		if pod.Labels[batchv1.JobNameLabel] == job.Name && (newest == nil || newest.CreationTimestamp.Before(&pod.CreationTimestamp)) {
			newest = pod
		}
	}
	return newest
}

func readReport(pod *corev1.Pod) *report {
	if pod == nil {
		return nil
	}
	for i := range pod.Status.ContainerStatuses {
		if ended := pod.Status.ContainerStatuses[i].State.Terminated; ended != nil {
			read := &report{}
			if json.Unmarshal([]byte(ended.Message), read) == nil && len(read.Targets) > 0 {
				return read
			}
		}
	}
	return nil
}

func recordRun(status *TargetStatus, job *batchv1.Job, pods []corev1.Pod, inputs string) {
	end, good := endOf(job)
	run := &RunStatus{Job: job.Name, Phase: "Failed", StartTime: job.Status.StartTime, CompletionTime: end, RunID: string(job.UID), Inputs: inputs}
	if told := readReport(newestPodOf(job, pods)); told != nil {
		target := told.Targets[0]
		run.Phase, run.Pruned = target.Outcome, target.Pruned
		if target.Archive != nil {
			run.Archive, run.ArchiveID = target.Archive.Name, target.Archive.ID
			run.OriginalSize, run.CompressedSize = target.Archive.OriginalSize, target.Archive.CompressedSize
			run.DeduplicatedSize, run.Files = target.Archive.DeduplicatedSize, target.Archive.Files
		}
		if target.Error != nil {
			run.Reason, run.Message = target.Error.Reason, target.Error.Message
		}
		status.Repository.ID, status.Repository.Archives = target.Repository.ID, target.Repository.Archives
	} else if good {
		run.Phase = "Completed"
	} else {
		run.Reason = "JobFailed"
	}
	status.LastBackup = run
	if run.Phase == "Failed" {
		status.ConsecutiveFailures++
		return
	}
	status.ConsecutiveFailures = 0
	status.LastSuccessfulBackup = run.DeepCopy()
}

// Takes in Jobs that ended and whose result is not in the status yet, oldest first; and the one that runs.
func takeIn(status *TargetStatus, jobs []batchv1.Job, pods []corev1.Pod, inputs string) (recorded []*batchv1.Job, running bool) {
	sort.Slice(jobs, func(i, j int) bool { return jobs[i].CreationTimestamp.Before(&jobs[j].CreationTimestamp) })
	for i := range jobs {
		job := &jobs[i]
		end, _ := endOf(job)
		if end != nil {
			if !controllerutil.ContainsFinalizer(job, resultFinalizer) {
				continue
			}
			last := status.LastBackup
			if last == nil || last.Job != job.Name || last.CompletionTime == nil {
				recordRun(status, job, pods, inputs)
			}
			recorded = append(recorded, job)
			continue
		}
		if isSuspended(job) {
			continue
		}
		running = true
		if status.LastBackup == nil || status.LastBackup.Job != job.Name {
			status.LastBackup = &RunStatus{Job: job.Name, Phase: "Running", StartTime: job.Status.StartTime, RunID: string(job.UID), Inputs: inputs}
		} else if status.LastBackup.StartTime == nil {
			status.LastBackup.StartTime = job.Status.StartTime
		}
	}
	return recorded, running
}
