package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/digest"
	"crosssum/internal/engine"
	"crosssum/internal/model/t5"
	"crosssum/internal/native/torch"
)

// digestShards is the digest of a sharded model, whose single file would be at path: of its index and its shards.
func digestShards(path string) (string, error) {
	index := path + ".index.json"
	if _, err := os.Stat(index); err != nil {
		return "", err
	}
	shards, err := filepath.Glob(strings.TrimSuffix(path, ".safetensors") + "-*-of-*.safetensors")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, file := range append([]string{index}, shards...) { // Glob sorts
		of, _, err := digest.File(file)
		if err != nil {
			return "", err
		}
		io.WriteString(h, of+"\n")
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// identity is the digest of what the run's bytes depend on, so that a checkpoint of another run is not taken. list are the SHA-256 of what it
// reads: config.json, weights and spiece.model of the model that it begins with, then samples and articles, or the files of a data set, or
// the file of batches.
func identity(request engine.TrainRequest, d torch.Device) (id string, list []string, err error) {
	h := sha256.New()
	params := request.Params
	params.CheckpointEvery, params.KeepCheckpoints, params.Output = 0, 0, "" // change no step
	params.ActivationCheckpointing, params.FitMiniBatch = false, false
	params.Precision = "fp32"
	if bf16, err := half(request.Params, d); err != nil {
		return "", nil, err
	} else if bf16 {
		params.Precision = "bf16"
	}
	if err := json.NewEncoder(h).Encode([]any{params, request.Seed}); err != nil {
		return "", nil, err
	}
	files := []string{filepath.Join(request.Model, configFile), filepath.Join(request.Model, modelFile),
		filepath.Join(request.Model, vocabularyFile)}
	switch {
	case request.Batches != "":
		files = append(files, request.Batches)
	case request.Dataset != "":
		rows, err := splitFiles(request.Dataset, "train")
		if err != nil {
			return "", nil, err
		}
		if params.ValidateEvery > 0 {
			validation, err := splitFiles(request.Dataset, "val")
			if err != nil {
				return "", nil, err
			}
			rows = append(rows, validation...)
		}
		for _, f := range rows {
			files = append(files, f.path)
			io.WriteString(h, f.name)
		}
	default:
		files = slices.Concat(files, []string{request.Samples.File}, request.Samples.Tokens, request.Samples.Articles)
	}
	digests, failed := make([]string, len(files)), make([]error, len(files))
	sideBySide(len(files), func(i int) { digests[i], _, failed[i] = digest.File(files[i]) })
	for i, path := range files {
		digest, err := digests[i], failed[i]
		if os.IsNotExist(err) && path == files[1] {
			digest, err = digestShards(path)
		}
		if os.IsNotExist(err) {
			if _, _, missing := t5.Load(request.Model); missing != nil { // says what to do about it
				return "", nil, missing
			}
			return "", nil, invalid("%v: give the file or folder of the data to train on", err)
		}
		if err != nil {
			return "", nil, err
		}
		io.WriteString(h, digest)
		list = append(list, digest)
	}
	return hex.EncodeToString(h.Sum(nil)), list, nil
}
