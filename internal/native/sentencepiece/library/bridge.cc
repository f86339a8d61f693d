#include "../bridge.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

using sentencepiece::SentencePieceProcessor;
using sentencepiece::SentencePieceTrainer;
namespace util = sentencepiece::util;

namespace {

char* copy(const std::string& s) {
  char* p = static_cast<char*>(std::malloc(s.size() + 1));
  if (p != nullptr) std::memcpy(p, s.c_str(), s.size() + 1);
  return p;
}

// guard runs f, which returns a Status, and turns every failure into a message.
template <typename F>
char* guard(F f) {
  try {
    const util::Status status = f();
    return status.ok() ? nullptr : copy(status.ToString());
  } catch (const std::exception& e) {
    return copy(e.what());
  } catch (...) {
    return copy("an unknown C++ exception");
  }
}

util::Status invalid(const char* message) { return util::Status(util::StatusCode::kInvalidArgument, message); }

const SentencePieceProcessor* processor(sp_model m) { return static_cast<SentencePieceProcessor*>(m); }

// Lines gives the lines of a file to the trainer, one after the other.
class Lines : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(const char* path) : in_(path) { Next(); }
  bool done() const override { return done_; }
  void Next() override { done_ = !std::getline(in_, line_); }
  const std::string& value() const override { return line_; }
  util::Status status() const override { return in_.bad() ? invalid("the input could not be read") : util::Status(); }
  bool open() const { return in_.is_open(); }

 private:
  std::ifstream in_;
  std::string line_;
  bool done_ = false;
};

}  // namespace

char* sp_load(const char* model, size_t size, sp_model* out) {
  return guard([&] {
    auto p = std::make_unique<SentencePieceProcessor>();
    const util::Status status = p->LoadFromSerializedProto(absl::string_view(model, size));
    if (status.ok()) *out = p.release();
    return status;
  });
}

void sp_free(sp_model m) { delete static_cast<SentencePieceProcessor*>(m); }

int sp_size(sp_model m) { return processor(m)->GetPieceSize(); }

int sp_special(sp_model m, int* unk, int* bos, int* eos, int* pad) {
  *unk = processor(m)->unk_id();
  *bos = processor(m)->bos_id();
  *eos = processor(m)->eos_id();
  *pad = processor(m)->pad_id();
  return 0;
}

char* sp_piece(sp_model m, int id, const char** text, size_t* size, float* score, int* kind) {
  return guard([&] {
    const auto* p = processor(m);
    if (id < 0 || id >= p->GetPieceSize()) return invalid("the id is outside of the vocabulary");
    const std::string& piece = p->IdToPiece(id);
    *text = piece.data();
    *size = piece.size();
    *score = p->GetScore(id);
    *kind = p->IsUnknown(id) ? 2 : p->IsControl(id) ? 3 : p->IsUnused(id) ? 5 : p->IsByte(id) ? 6 : 1;
    return util::Status();
  });
}

int sp_id(sp_model m, const char* piece, size_t size) { return processor(m)->PieceToId(absl::string_view(piece, size)); }

char* sp_encode(sp_model m, const char* text, size_t size, int** ids, size_t* n) {
  return guard([&] {
    std::vector<int> out;
    const util::Status status = processor(m)->Encode(absl::string_view(text, size), &out);
    if (!status.ok()) return status;
    *n = out.size();
    *ids = static_cast<int*>(std::malloc((out.size() + 1) * sizeof(int)));
    if (*ids == nullptr) return invalid("out of memory");
    if (!out.empty()) std::memcpy(*ids, out.data(), out.size() * sizeof(int));
    return util::Status();
  });
}

char* sp_decode(sp_model m, const int* ids, size_t n, char** text, size_t* size) {
  return guard([&] {
    const int limit = processor(m)->GetPieceSize();
    for (size_t i = 0; i < n; i++) {
      if (ids[i] < 0 || ids[i] >= limit) return invalid("an id is outside of the vocabulary");
    }
    std::string out;
    const util::Status status = processor(m)->Decode(std::vector<int>(ids, ids + n), &out);
    if (!status.ok()) return status;
    *size = out.size();
    *text = copy(out);
    return *text == nullptr ? invalid("out of memory") : util::Status();
  });
}

char* sp_train(const char* input, const char** options, size_t n, char** model, size_t* size) {
  return guard([&] {
    std::unordered_map<std::string, std::string> arguments;
    for (size_t i = 0; i < n; i++) arguments[options[2 * i]] = options[2 * i + 1];
    Lines lines(input);
    if (!lines.open()) return invalid("the input cannot be opened");
    std::string out;
    const util::Status status = SentencePieceTrainer::Train(arguments, &lines, &out);
    if (!status.ok()) return status;
    *size = out.size();
    *model = copy(out);
    return *model == nullptr ? invalid("out of memory") : util::Status();
  });
}
