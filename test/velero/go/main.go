// Makes a Velero backup of a cluster: the tarball that `velero backup download` gives, by Velero's own code and without
// an object store.
//
//	velero-backup KUBECONFIG SPEC.json OUT.tar.gz
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/sirupsen/logrus"
	velerov1 "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/backup"
	"github.com/vmware-tanzu/velero/pkg/backup/actions"
	"github.com/vmware-tanzu/velero/pkg/client"
	"github.com/vmware-tanzu/velero/pkg/discovery"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	biav1 "github.com/vmware-tanzu/velero/pkg/plugin/velero/backupitemaction/v1"
	biav2 "github.com/vmware-tanzu/velero/pkg/plugin/velero/backupitemaction/v2"
	"github.com/vmware-tanzu/velero/pkg/podvolume"
	"github.com/vmware-tanzu/velero/pkg/util/actionhelpers"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	k8sdiscovery "k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	kbclient "sigs.k8s.io/controller-runtime/pkg/client"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: velero-backup KUBECONFIG SPEC.json OUT.tar.gz")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(kubeconfig, specFile, out string) error {
	object := &velerov1.Backup{ObjectMeta: metav1.ObjectMeta{Namespace: "velero", Name: "test"}}
	text, err := os.ReadFile(specFile)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &object.Spec); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 200, 400
	dynamicClient, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return err
	}
	if err := velerov1.AddToScheme(scheme); err != nil {
		return err
	}
	// The built-in action that brings the ClusterRoles of a Pod's service account along.
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	kb, err := kbclient.New(config, kbclient.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	log := logrus.New()
	log.SetOutput(os.Stderr)
	log.SetLevel(logrus.WarnLevel)
	discoveryClient, err := k8sdiscovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	helper, err := discovery.NewHelper(discoveryClient, log)
	if err != nil {
		return err
	}
	backupper, err := backup.NewKubernetesBackupper(kb, helper, client.NewDynamicFactory(dynamicClient), nil, noVolumes{},
		time.Minute, false, 500, "", nil, nil)
	if err != nil {
		return err
	}
	serviceAccounts, err := actions.NewServiceAccountAction(log, actionhelpers.NewClusterRoleBindingListerMap(clientset), helper)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	pool := backup.StartItemBlockWorkerPool(ctx, 1, log)
	defer pool.Stop()
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	request := &backup.Request{
		Backup:           object,
		SkippedPVTracker: backup.NewSkipPVTracker(),
		BackedUpItems:    backup.NewBackedUpItemsMap(),
		WorkerPool:       pool,
	}
	if err := backupper.Backup(log, request, file, []biav2.BackupItemAction{adapted{serviceAccounts}, adapted{actions.NewPodAction(log)}}, nil, nil); err != nil {
		return err
	}
	fmt.Println(request.BackedUpItems.Len(), "items")
	return file.Close()
}

// adapted makes an action of the first interface one of the second, as Velero's plugin manager does.
type adapted struct{ biav1.BackupItemAction }

func (adapted) Name() string { return "" }

func (a adapted) Execute(item runtime.Unstructured, of *velerov1.Backup) (runtime.Unstructured, []velero.ResourceIdentifier, string, []velero.ResourceIdentifier, error) {
	changed, more, err := a.BackupItemAction.Execute(item, of)
	return changed, more, "", nil, err
}

func (adapted) Progress(string, *velerov1.Backup) (velero.OperationProgress, error) {
	return velero.OperationProgress{}, biav2.AsyncOperationsNotSupportedError()
}

func (adapted) Cancel(string, *velerov1.Backup) error { return nil }

// noVolumes stands for the backup of volumes, of which the test cluster has none; its other methods are never called.
type noVolumes struct{ podvolume.Backupper }

func (noVolumes) NewBackupper(context.Context, logrus.FieldLogger, *velerov1.Backup, string) (podvolume.Backupper, error) {
	return noVolumes{}, nil
}

func (noVolumes) WaitAllPodVolumesProcessed(logrus.FieldLogger) []*velerov1.PodVolumeBackup {
	return nil
}

func (noVolumes) ListPodVolumeBackupsByPod(string, string) ([]*velerov1.PodVolumeBackup, error) {
	return nil, nil
}
