#include "bridge.h"

#include <fasttext/fasttext.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

char* copy(const std::string& s) {
  char* p = static_cast<char*>(std::malloc(s.size() + 1));
  if (p != nullptr) std::memcpy(p, s.c_str(), s.size() + 1);
  return p;
}

// guard runs f and turns every exception into a message.
template <typename F>
char* guard(F f) {
  try {
    f();
    return nullptr;
  } catch (const std::exception& e) {
    return copy(e.what());
  } catch (...) {
    return copy("an unknown C++ exception");
  }
}

const fasttext::FastText* model(ft_model m) { return static_cast<fasttext::FastText*>(m); }

}  // namespace

char* ft_load(const char* path, ft_model* out, int* labels) {
  return guard([&] {
    auto m = std::make_unique<fasttext::FastText>();
    m->loadModel(path);
    if (m->getArgs().model != fasttext::model_name::sup) throw std::invalid_argument("the model is not a classifier");
    *labels = m->getDictionary()->nlabels();
    *out = m.release();
  });
}

void ft_free(ft_model m) { delete static_cast<fasttext::FastText*>(m); }

char* ft_label(ft_model m, int i, char** name) {
  return guard([&] { *name = copy(model(m)->getDictionary()->getLabel(i)); });
}

char* ft_predict(ft_model m, const char* line, size_t size, int labels, int32_t* ids, float* probabilities, int* n) {
  return guard([&] {
    std::istringstream in(std::string(line, size) + "\n");
    std::vector<int32_t> words, given;
    fasttext::Predictions found;
    *n = 0;
    model(m)->getDictionary()->getLine(in, words, given);
    if (words.empty()) return;
    model(m)->predict(labels, words, found, 0.0);
    for (const auto& p : found) {
      if (*n == labels) break;
      ids[*n] = p.second;
      probabilities[*n] = std::exp(p.first);
      ++*n;
    }
  });
}
