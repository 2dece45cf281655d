// Says what Argo CD with its settings in a cluster thinks of an Application's objects: their health, whether they drifted, and whose they
// are. By its own code: only the requests that it makes through kubectl's code are made here (dryRunner).
//
//	argocd KUBECONFIG NAMESPACE <QUESTION.json >ANSWER.json
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo"
	"github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/argoproj/gitops-engine/pkg/health"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// An Application, what its source renders to, what is in the cluster of that (in the same order, or nothing), and other objects that are
// there.
type question struct {
	Application v1alpha1.Application         `json:"application"`
	Rendered    []*unstructured.Unstructured `json:"rendered"`
	Live        []*unstructured.Unstructured `json:"live"`
	Others      []*unstructured.Unstructured `json:"others"`
}

type answer struct {
	// As they are applied: marked as the Application's.
	Tracked []*unstructured.Unstructured `json:"tracked"`
	// For each live object.
	Objects []verdict `json:"objects"`
	// For each of the others, the Application that it would be pruned with; empty: none.
	Owners []string `json:"owners"`
}

type verdict struct {
	Health  string `json:"health"`
	Message string `json:"message"`
	// Out of sync, by each of the ways in which Argo CD can compare: on its own, or by a dry run of a server-side apply.
	Drift           bool `json:"drift"`
	ServerSideDrift bool `json:"serverSideDrift"`
	// What it is, and what Argo CD would make of it.
	Is     json.RawMessage `json:"is,omitempty"`
	Wanted json.RawMessage `json:"wanted,omitempty"`
}

func main() {
	klog.SetLogger(logr.Discard())
	logrus.SetOutput(os.Stderr)
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "argocd:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) != 3 {
		return fmt.Errorf("usage: argocd KUBECONFIG NAMESPACE")
	}
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return err
	}
	controller, err := newController(ctx, os.Args[1], os.Args[2])
	if err != nil {
		return err
	}
	said, err := controller.answer(&asked)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(said)
}

// What its application controller knows before it compares.
type controller struct {
	namespace                   string
	overrides                   map[string]v1alpha1.ResourceOverride
	options                     settings.ArgoCDDiffOptions
	label, method, installation string
	applier                     dryRunner
	types                       *managedfields.GvkParser
}

func newController(ctx context.Context, kubeconfig, namespace string) (*controller, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	c := &controller{namespace: namespace}
	c.applier = dryRunner{client, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(clients.Discovery()))}
	if _, c.types, err = (&kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}).LoadOpenAPISchema(config); err != nil {
		return nil, err
	}
	manager := settings.NewSettingsManager(ctx, clients, namespace)
	if c.overrides, err = manager.GetResourceOverrides(); err != nil {
		return nil, err
	}
	if c.options, err = manager.GetResourceCompareOptions(); err != nil {
		return nil, err
	}
	if c.label, err = manager.GetAppInstanceLabelKey(); err != nil {
		return nil, err
	}
	if c.method, err = manager.GetTrackingMethod(); err != nil {
		return nil, err
	}
	if c.installation, err = manager.GetInstallationID(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *controller) answer(asked *question) (*answer, error) {
	said := &answer{Tracked: asked.Rendered, Objects: []verdict{}, Owners: []string{}}
	tracking := argo.NewResourceTracking()
	namespace := asked.Application.Spec.Destination.Namespace
	for _, each := range asked.Rendered {
		mapping, err := c.applier.mapping(each)
		if err != nil {
			return nil, err
		}
		if each.GetNamespace() == "" && mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			each.SetNamespace(namespace)
		}
		name := asked.Application.InstanceName(c.namespace)
		if err := tracking.SetAppInstance(each, c.label, name, namespace, v1alpha1.TrackingMethod(c.method), c.installation); err != nil {
			return nil, err
		}
	}
	for i, live := range asked.Live {
		found, err := c.judge(&asked.Application, asked.Rendered[i], live)
		if err != nil {
			return nil, err
		}
		said.Objects = append(said.Objects, *found)
	}
	for _, each := range asked.Others {
		owner := ""
		// What has an owner is the owner's to remove.
		if len(each.GetOwnerReferences()) == 0 {
			owner = tracking.GetAppName(each, c.label, v1alpha1.TrackingMethod(c.method), c.installation)
		}
		said.Owners = append(said.Owners, owner)
	}
	return said, nil
}

func (c *controller) judge(application *v1alpha1.Application, tracked, live *unstructured.Unstructured) (*verdict, error) {
	found := &verdict{}
	said, err := health.GetResourceHealth(live, lua.ResourceHealthOverrides(c.overrides))
	if err != nil {
		return nil, err
	}
	if said != nil {
		found.Health, found.Message = string(said.Status), said.Message
	}
	for _, serverSide := range []bool{false, true} {
		how, err := diff.NewDiffConfigBuilder().
			WithDiffSettings(application.Spec.IgnoreDifferences, c.overrides, c.options.IgnoreAggregatedRoles, normalizers.IgnoreNormalizerOpts{}).
			WithTracking(c.label, c.method).WithNoCache().WithManager(common.ArgoCDSSAManager).WithGVKParser(c.types).
			WithServerSideDiff(serverSide).WithServerSideDryRunner(c.applier).Build()
		if err != nil {
			return nil, err
		}
		compared, err := diff.StateDiff(live, tracked, how)
		if err != nil {
			return nil, err
		}
		if serverSide {
			found.ServerSideDrift = compared.Modified
		} else {
			found.Drift = compared.Modified
		}
		if compared.Modified {
			found.Is, found.Wanted = compared.NormalizedLive, compared.PredictedLive
		}
	}
	return found, nil
}

type dryRunner struct {
	client dynamic.Interface
	mapper meta.RESTMapper
}

func (r dryRunner) mapping(object *unstructured.Unstructured) (*meta.RESTMapping, error) {
	kind := object.GroupVersionKind()
	return r.mapper.RESTMapping(kind.GroupKind(), kind.Version)
}

func (r dryRunner) Run(ctx context.Context, object *unstructured.Unstructured, manager string) (string, error) {
	mapping, err := r.mapping(object)
	if err != nil {
		return "", err
	}
	text, err := object.MarshalJSON()
	if err != nil {
		return "", err
	}
	var resource dynamic.ResourceInterface = r.client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		resource = r.client.Resource(mapping.Resource).Namespace(object.GetNamespace())
	}
	force := true
	predicted, err := resource.Patch(ctx, object.GetName(), types.ApplyPatchType, text,
		metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: manager, Force: &force})
	if err != nil {
		return "", err
	}
	text, err = predicted.MarshalJSON()
	return string(text), err
}
