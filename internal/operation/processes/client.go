package processes

import (
	"context"
	"strings"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// ClientOptions are those of every client of a Temporal server, a worker's too. A nil logger: the SDK's lines are dropped, since what
// matters of them comes back as an error.
func ClientOptions(address, namespace string, logger log.Logger) client.Options {
	if logger == nil {
		logger = quiet{}
	}
	return client.Options{HostPort: address, Namespace: namespace, Logger: logger,
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(sendable)}}}
}

// sendable leaves out headers of the SDK's that gRPC would refuse the whole request for. The SDK repeats a request's ids in its
// headers, for proxies to route by; a header may hold printable ASCII only, and an id anything that is UTF-8. The server reads
// the request.
func sendable(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	headers, _ := metadata.FromOutgoingContext(ctx) // a copy
	for name, values := range headers {
		if strings.HasPrefix(name, "temporal-") && !printable(strings.Join(values, "")) {
			headers.Delete(name)
			ctx = metadata.NewOutgoingContext(ctx, headers)
		}
	}
	return invoke(ctx, method, request, reply, c, options...)
}

// printable says whether s is of printable ASCII alone.
func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
