// Sums over the processes of a training, by libtorch's c10d: operators crosssum::ranks_*. None of them blocks for long:
// meeting the other ranks and summing are begun, then asked for, so that the caller can look after the other processes
// meanwhile and give up. A process that dies closes its connections, which Gloo answers with an exception.
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <ATen/ATen.h>
#include <torch/library.h>

#include <future>
#include <map>
#include <thread>

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Where the ranks leave their addresses: a file. Unlike its parent's, its waits end when it is given up.
class Store : public c10d::FileStore {
 public:
  using FileStore::FileStore;
  void wait(const std::vector<std::string> &keys) override { wait(keys, timeout_); }
  void wait(const std::vector<std::string> &keys, const milliseconds &timeout) override {
    for (const auto end = steady_clock::now() + timeout; !check(keys); std::this_thread::sleep_for(milliseconds(5))) {
      TORCH_CHECK(!given_up, "the other ranks were given up");
      TORCH_CHECK(steady_clock::now() < end, "another rank did not come in time");
    }
  }
  std::atomic<bool> given_up{false};
};

using Works = std::vector<c10::intrusive_ptr<c10d::Work>>;
using Reduce = std::function<c10::intrusive_ptr<c10d::Work>(std::vector<at::Tensor> &)>;

struct Group {
  c10::intrusive_ptr<Store> store;
  at::Device device = at::kCPU;                                   // where sums are formed
  Reduce reduce;                                                  // set once the ranks have met
  Works works;                                                    // of the sum under way
  std::vector<at::Tensor> flats;                                  // its messages that are copies ...
  std::vector<std::vector<at::Tensor>> parts;                     // ... of these
  std::future<Reduce> meeting;                                    // last: its thread ends first
  ~Group() {
    if (store) store->given_up = true;
  }
};

std::mutex groups_mutex;
std::map<int64_t, std::shared_ptr<Group>> groups;

std::shared_ptr<Group> find(int64_t id) {
  std::lock_guard<std::mutex> lock(groups_mutex);
  auto it = groups.find(id);
  TORCH_CHECK(it != groups.end(), "a group of ranks that was left");
  return it->second;
}

Reduce gloo(c10::intrusive_ptr<Store> store, int rank, int size, milliseconds timeout) {
  auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
  options->threads = 2;
  auto group = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
  return [group](std::vector<at::Tensor> &t) { return group->allreduce(t, c10d::AllreduceOptions()); };
}

Reduce nccl(c10::intrusive_ptr<Store> store, int rank, int size, milliseconds timeout) {
#ifdef USE_C10D_NCCL
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  auto group = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
  return [group](std::vector<at::Tensor> &t) { return group->allreduce(t, c10d::AllreduceOptions()); };
#else
  TORCH_CHECK(false, "this libtorch was built without NCCL");
#endif
}

bool has_nccl() {
#ifdef USE_C10D_NCCL
  return true;
#else
  return false;
#endif
}

// join begins to meet the other ranks and returns the group's number. device: -1 sums on the processor by Gloo, else on
// that GPU by NCCL.
at::Tensor join(std::string path, int64_t rank, int64_t size, int64_t device, double seconds) {
  auto g = std::make_shared<Group>();
  g->store = c10::make_intrusive<Store>(path, static_cast<int>(size));
  if (device >= 0) g->device = at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device));
  const milliseconds timeout(static_cast<int64_t>(seconds * 1000));
  g->store->setTimeout(timeout);
  g->meeting = std::async(std::launch::async, device < 0 ? gloo : nccl, g->store, static_cast<int>(rank),
                          static_cast<int>(size), timeout);
  std::lock_guard<std::mutex> lock(groups_mutex);
  const int64_t id = groups.empty() ? 1 : groups.rbegin()->first + 1;
  groups[id] = std::move(g);
  return at::scalar_tensor(id, at::kLong);
}

// Tensors of at least so many bytes are messages of their own, summed where they lie; smaller ones travel together.
constexpr size_t kLarge = 1 << 20, kMessage = 16 << 20;

// sum begins to replace every tensor by its sum over the ranks, which give tensors of the same shapes in the same order.
void sum(int64_t id, at::TensorList tensors) {
  at::NoGradGuard no_grad;
  auto g = find(id);
  TORCH_CHECK(g->reduce && g->works.empty(), "the ranks have not met, or a sum is under way");
  std::vector<at::Tensor> parts;
  size_t bytes = 0;
  auto send = [&] {
    if (parts.empty()) return;
    at::Tensor flat = parts[0];
    if (parts.size() > 1 || !flat.is_contiguous() || flat.device() != g->device) {
      std::vector<at::Tensor> rows;
      for (const auto &t : parts) rows.push_back(t.reshape({-1}));
      flat = at::cat(rows).to(g->device);
      g->flats.push_back(flat);
      g->parts.push_back(parts);
    }
    std::vector<at::Tensor> message{flat};
    g->works.push_back(g->reduce(message));
    parts.clear();
    bytes = 0;
  };
  for (const auto &t : tensors) {
    const bool large = t.nbytes() >= kLarge;
    if (large || bytes + t.nbytes() > kMessage || (!parts.empty() && parts[0].scalar_type() != t.scalar_type())) send();
    parts.push_back(t);
    bytes += t.nbytes();
    if (large) send();
  }
  send();
}

// finish puts the sums in their places; it throws what went wrong on the way.
void finish(Group &g) {
  if (g.meeting.valid()) g.reduce = g.meeting.get();
  for (auto &w : g.works) w->wait();
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < g.flats.size(); i++) {
    int64_t from = 0;
    for (auto &t : g.parts[i]) {
      t.copy_(g.flats[i].narrow(0, from, t.numel()).view_as(t));
      from += t.numel();
    }
  }
  g.works.clear(), g.flats.clear(), g.parts.clear();
}

// await tells whether what was begun is done: 1, or 0 if it still is not after some seconds.
at::Tensor await(int64_t id, double seconds) {
  auto g = find(id);
  const auto end = steady_clock::now() + std::chrono::duration<double>(seconds);
  auto done = [&] {
    if (g->meeting.valid()) return g->meeting.wait_for(milliseconds(0)) == std::future_status::ready;
    return std::all_of(g->works.begin(), g->works.end(), [](const auto &w) { return w->isCompleted(); });
  };
  for (auto pause = std::chrono::microseconds(20); !done(); pause = std::min(2 * pause, std::chrono::microseconds(1000))) {
    if (steady_clock::now() >= end) return at::scalar_tensor(0, at::kLong);
    std::this_thread::sleep_for(pause);
  }
  finish(*g);
  return at::scalar_tensor(1, at::kLong);
}

// leave ends the group. A sum under way ends when the other side's connections do.
void leave(int64_t id) {
  std::shared_ptr<Group> g;
  std::lock_guard<std::mutex> lock(groups_mutex);
  if (auto it = groups.find(id); it != groups.end()) {
    g = std::move(it->second);
    groups.erase(it);
  }
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(crosssum, m) {
  m.def("ranks_nccl() -> bool", has_nccl);
  m.def("ranks_join(str path, int rank, int size, int device, float seconds) -> Tensor", join);
  m.def("ranks_sum(int group, Tensor(a!)[] tensors) -> ()", sum);
  m.def("ranks_await(int group, float seconds) -> Tensor", await);
  m.def("ranks_leave(int group) -> ()", leave);
}
