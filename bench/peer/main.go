// The loop of borg-operator written on controller-runtime, as its authors would have a careful user write it: what borg-operator is measured
// beside. It takes those of its options that the benchmark gives.
package main

import (
	"flag"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	firstBackoff   = 5 * time.Millisecond
	longestBackoff = 5 * time.Minute
)

var options struct {
	kubeconfig, metricsAddress, engineImage string
	rate, leaseRenew                        float64
	leaseDuration, workers                  int
	alone                                   bool
}

func run() error {
	config, err := clientcmd.BuildConfigFromFlags("", options.kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = float32(options.rate), int(2*options.rate)
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := addToScheme(scheme); err != nil {
		return err
	}
	duration := time.Duration(options.leaseDuration) * time.Second
	deadline := duration * 2 / 3
	retry := time.Duration(options.leaseRenew * float64(time.Second))
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Cache: cacheOptions(), Metrics: metricsserver.Options{BindAddress: options.metricsAddress},
		LeaderElection: !options.alone, LeaderElectionID: "borg-operator", LeaderElectionNamespace: "borg-operator",
		LeaderElectionReleaseOnCancel: true, LeaseDuration: &duration, RenewDeadline: &deadline, RetryPeriod: &retry,
	})
	if err != nil {
		return err
	}
	ctx := ctrl.SetupSignalHandler()
	if err := addIndices(ctx, mgr); err != nil {
		return err
	}
	if err := addControllers(mgr, options.workers); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

func main() {
	flags := flag.NewFlagSet("run", flag.ExitOnError)
	flags.StringVar(&options.kubeconfig, "kubeconfig", "", "who it is, and where the API server is")
	flags.StringVar(&options.metricsAddress, "metrics-address", ":8080", "where metrics are served")
	flags.StringVar(&options.engineImage, "engine-image", "", "the image of the pods that back up")
	flags.Float64Var(&options.rate, "api-rate", 50, "requests a second; bursts may have twice as many")
	flags.IntVar(&options.leaseDuration, "lease-duration", 15, "seconds")
	flags.Float64Var(&options.leaseRenew, "lease-renew", 2, "seconds")
	flags.IntVar(&options.workers, "workers", 4, "targets that are worked on at a time")
	flags.BoolVar(&options.alone, "no-leader-election", false, "work without a Lease")
	flags.String("log-format", "json", "json is the only one")
	if len(os.Args) < 2 || os.Args[1] != "run" {
		flags.Usage()
		os.Exit(2)
	}
	_ = flags.Parse(os.Args[2:])
	ctrl.SetLogger(zap.New(zap.UseDevMode(false)))
	if err := run(); err != nil {
		ctrl.Log.Error(err, "it ends")
		os.Exit(1)
	}
}
