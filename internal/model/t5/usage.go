package t5

import (
	"fmt"
	"strings"
)

// Usage is the part of a model card, in Markdown, that says how a user of transformers summarizes into a language: four
// lines, and the start token of each language. Limits are in tokens, </s> included.
func (c *Config) Usage(sourceTokens, targetTokens int) string {
	names := c.Languages.Names()
	if len(names) == 0 {
		return "## Use\n\nNo language has a start token in this model (`task_specific_params.langid_map` in config.json is empty): train it on a data set first.\n\n"
	}
	target := names[0]
	if _, ok := c.Languages["english"]; ok {
		target = "english"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `## Use

The decoder's first token chooses the language of the summary, whatever language `+"`text`"+` is in. In this folder:

`+"```python"+`
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(".", use_fast=False)
model = AutoModelForSeq2SeqLM.from_pretrained(".")
ids = model.generate(**tokenizer(text, truncation=True, max_length=%d, return_tensors="pt"), num_beams=5, length_penalty=0.6,
                     no_repeat_ngram_size=2, max_length=%d, decoder_start_token_id=model.config.task_specific_params["langid_map"]["%s"][0])
print(tokenizer.decode(ids[0][1:], skip_special_tokens=True))
`+"```\n", sourceTokens, targetTokens, target)
	b.WriteString(`
transformers 4 cuts text as SentencePiece does, as training did. transformers 5 knows neither byte fallback nor text that spells
` + "`</s>`" + ` out: where that matters, give it ids from the package sentencepiece and spiece.model, with id ` + fmt.Sprint(c.EOSTokenID) + ` at the end.
`)
	if !c.TieWordEmbeddings {
		b.WriteString("transformers 5 also says of every mT5 with a head of its own, google's too, that it \"will NOT tie\" two tables: it is right not to.\n")
	}
	b.WriteString("\n| language | start token | id |\n|---|---|---|\n")
	for _, name := range names {
		fmt.Fprintf(&b, "| %s | `%s` | %d |\n", name, c.Languages[name].Piece, c.Languages[name].ID)
	}
	return b.String() + "\n"
}
