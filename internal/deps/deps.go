package deps
import (
 _ "go.temporal.io/sdk/client"
 _ "go.temporal.io/sdk/workflow"
 _ "go.temporal.io/sdk/testsuite"
 _ "github.com/klauspost/compress/zstd"
 _ "github.com/pierrec/lz4/v4"
 _ "golang.org/x/text/unicode/norm"
 _ "golang.org/x/sys/unix"
 _ "golang.org/x/sys/cpu"
 _ "gopkg.in/yaml.v3"
 _ "github.com/rivo/uniseg"
 _ "github.com/DataIntelligenceCrew/go-faiss"
 _ "github.com/wangkuiyi/gotorch"
 _ "github.com/apache/arrow/go/v17/parquet/file"
)
