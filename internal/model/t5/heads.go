package t5

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"crosssum/internal/model/safetensors"
	"crosssum/internal/native/torch"
)

// The output head is a table of its own (mT5 and T5 v1.1 as published) or tied: the shared table, before which T5 scales
// the decoder's outputs by d_model^-0.5. What transformers does by version, from its source:
//
//	                 4.57                        5.23
//	t5, tied         scales                      scales, unless scale_decoder_outputs is false
//	mt5, tied        scales                      does not scale
//	not tied         never scales                never scales
//	absent field     t5 tied, mt5 not tied       both tied
//	file has both    tied is tied                tied only if both tables are equal; if not, t5 scales where a tied one would
//
// transformers 5 writes "tie_word_embeddings": true for every model, tied or not. So a file with two different tables is never
// tied here; a tied mT5 is scaled unless the config says by its fields that it was written by 5; and a scaled one is
// written as "t5", the same network, which both versions scale. A head of its own that takes scaled outputs is refused: no file says so
// to both.

// readTies resolves tie_word_embeddings and scale_decoder_outputs as far as config.json tells.
func (c *Config) readTies(fields map[string]json.RawMessage) {
	if _, ok := fields["tie_word_embeddings"]; !ok {
		c.TieWordEmbeddings = c.ModelType == "t5"
	}
	var version string
	json.Unmarshal(fields["transformers_version"], &version)
	five := strings.HasPrefix(version, "5.")
	if _, ok := fields["scale_decoder_outputs"]; !ok {
		c.ScaleOutputs = c.TieWordEmbeddings && (c.ModelType == "t5" || !five)
		c.scaled = c.ScaleOutputs && five
	} else {
		c.scaled = c.ScaleOutputs
	}
}

// untie gives the model a head of its own where the file holds one that differs from the table of the words, whatever names the two have.
// The encoder's words and the decoder's are one table in every version of transformers: a file of two is no such model.
func (c *Config) untie(file *safetensors.File) error {
	table := ""
	for _, name := range sharedNames {
		if _, ok := file.Entry(name); !ok {
			continue
		}
		if table == "" {
			table = name
			continue
		}
		if same, err := file.Equal(table, name); err != nil {
			return err
		} else if !same {
			return fmt.Errorf("tensors %q and %q differ, and T5's encoder and decoder have one table of words: save the model again with "+
				"transformers, or delete the one that is not of this model", table, name)
		}
	}
	if _, ok := file.Entry(headName); !ok || !c.TieWordEmbeddings || table == "" { // where the head stands alone, it is the one tied table
		return nil
	}
	if same, err := file.Equal(table, headName); err != nil || same {
		return err
	}
	if c.scaled {
		return fmt.Errorf("tensors %q and %q differ, and scale_decoder_outputs is true by config.json, which here only a tied head has: "+
			"multiply %[2]s by d_model^-0.5 and set scale_decoder_outputs to false", table, headName)
	}
	c.TieWordEmbeddings, c.ScaleOutputs = false, false
	return nil
}

// head is the table of the output head, [vocab_size, d_model].
func (m *Model) head() torch.Tensor {
	if m.Config.TieWordEmbeddings {
		return m.weight(sharedName)
	}
	return m.weight(headName)
}

// outputs are the decoder's final states as the head takes them, [rows, d_model].
func (m *Model) outputs(hidden torch.Tensor) torch.Tensor {
	if m.Config.ScaleOutputs {
		return hidden.MulScalar(1 / math.Sqrt(float64(m.Config.DModel)))
	}
	return hidden
}
