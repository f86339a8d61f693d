package schemas

// Catalogue is one entry of a ledger: the state after one crawl was taken. It is an object of the store; its place in the
// ledger is the ref "catalogue/<name>/<number>". It is a pure function of the entry before and the crawl, so two runs that
// overlap write equal entries.
type Catalogue struct {
	Name     string          `json:"name"`
	Number   int             `json:"number"`             // from 1
	Previous string          `json:"previous,omitempty"` // digest of entry number - 1
	Crawl    string          `json:"crawl"`              // its name, for people
	Digest   string          `json:"digest"`             // the identity of the crawl: mode, languages, splits and file digests
	Mode     string          `json:"mode"`               // "delta" or "snapshot"
	Files    []CatalogueFile `json:"files"`
	Params   RealignParams   `json:"params"` // as resolved for this entry

	Articles   Ref  `json:"articles"` // of Merge
	Embeddings Ref  `json:"embeddings"`
	Neighbours Ref  `json:"neighbours"`
	Links      Ref  `json:"links"`
	Splits     Ref  `json:"splits"`
	Dataset    *Ref `json:"dataset,omitempty"`

	// read = accepted + rejected; accepted = new + edited + unchanged; withdrawn; moved (articles with another split than in
	// the entry before); articles, pairs.
	Counts map[string]int64 `json:"counts"`
}

// CatalogueFile is what became of one file of a crawl.
type CatalogueFile struct {
	Language string `json:"language"`
	Split    string `json:"split,omitempty"`
	Digest   string `json:"digest"`
	State    string `json:"state"` // "taken" or "failed"
	Reason   string `json:"reason,omitempty"`
}

// RealignParams are the resolved parameters of a Realign run: those of Pipeline that mining has, the ledger, and where crawls
// are looked for.
type RealignParams struct {
	Params
	Catalogue string `json:"catalogue"` // name of the ledger: [a-z0-9_.-]+
	// Crawls is a folder under a crawl root: each of its folders that has the done marker crawl.json is a crawl, taken in name
	// order. Crawl, if given, names a single folder to take instead, marker or not.
	Crawls string `json:"crawls"`
}

// MergeInput: unit = language, over the languages of both. Files out: "articles.arrow", the catalogue's articles after the
// crawl. Counts: articles, new, edited, unchanged, withdrawn.
type MergeInput struct {
	Previous  *Ref     `json:"previous,omitempty"` // Articles of the entry before
	Ingested  Ref      `json:"ingested"`
	Mode      string   `json:"mode"`
	Languages []string `json:"languages"` // that the crawl has files for: what a snapshot speaks about
}

// RealignResult is what a Realign run did.
type RealignResult struct {
	Catalogue string          `json:"catalogue"`
	Number    int             `json:"number"` // of the newest entry
	Taken     []string        `json:"taken"`  // crawls, in the order in which they were taken by this run
	Waiting   []string        `json:"waiting,omitempty"`
	Stages    []StageProgress `json:"stages"`
}
