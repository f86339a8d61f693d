package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// floor is what bench/embed/floor says of 32 texts of 64 tokens.
type floor struct {
	Precision     string
	Texts, Tokens int
	Encode        []float64 `json:"encode_seconds"`
	Product       []float64 `json:"product_seconds"`
	Share         float64
	Processor     float64 `json:"processor_share"`
	Spent         float64 `json:"encode_processor_seconds"`
}

// floor prints how long the matrix products alone take, and what bf16 gives where the processor has it.
func (o *options) floor() error {
	program, measured := o.Path("floor"), map[string]floor{}
	if out, err := exec.Command("go", "build", "-o", program, "./bench/embed/floor").CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./bench/embed/floor: %w\n%s", err, out)
	}
	for _, mode := range o.modes() {
		if mode.numerics != o.Numerics {
			continue
		}
		out, err := o.command(program, mode, "-model", o.model, "-threads", strconv.Itoa(o.Threads)).Output()
		if err != nil {
			return err
		}
		var f floor
		if err := json.Unmarshal(out, &f); err != nil {
			return err
		}
		if len(f.Encode) == 0 || len(f.Product) == 0 {
			return errors.New("it measured nothing")
		}
		measured[f.Precision] = f
		fmt.Printf("%s, %d x %d tokens: encoding %.3f s (to %.3f), the matrix products alone %.3f s (to %.3f): %.0f %% of the floor's rate, %.0f %% by processor time\n",
			f.Precision, f.Texts, f.Tokens, slices.Min(f.Encode), slices.Max(f.Encode), slices.Min(f.Product), slices.Max(f.Product), 100*f.Share, 100*f.Processor)
	}
	switch half, ok := measured["bf16"]; {
	case !nativeBF16():
		fmt.Println("bf16: not measured: no native bf16")
	case !ok:
		fmt.Println("bf16: not measured: numerics portable is fp32")
	default:
		single := measured["fp32"]
		fmt.Printf("bf16: %.2f times as fast as fp32 on these, %.2f times by processor time\n", slices.Min(single.Encode)/slices.Min(half.Encode),
			single.Spent/half.Spent)
	}
	return nil
}

// nativeBF16 asks the processor's flags.
func nativeBF16() bool {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); slices.Contains(fields, "avx512_bf16") || slices.Contains(fields, "amx_bf16") {
			return true
		}
	}
	return false
}
