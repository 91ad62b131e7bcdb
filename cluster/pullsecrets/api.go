package pullsecrets

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/cluster/kubeapi"
)

// NewAPI makes the API of a cluster.
func NewAPI(cluster *rest.Config) (API, error) {
	client, err := kubeapi.New(cluster, corev1.SchemeGroupVersion, corev1.AddToScheme)
	if err != nil {
		return nil, err
	}
	return api{client}, nil
}

type api struct{ client rest.Interface }

// Secret reads one Secret.
func (a api) Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := a.client.Get().Namespace(namespace).Resource("secrets").Name(name).Do(ctx).Into(secret)
	return secret, err
}

// ServiceAccount reads one ServiceAccount.
func (a api) ServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	account := &corev1.ServiceAccount{}
	err := a.client.Get().Namespace(namespace).Resource("serviceaccounts").Name(name).Do(ctx).Into(account)
	return account, err
}
