// The heap of a program that has secrets in it: memory is wiped before it is given back.
//
// Secret keeps what is ours. But secrets pass through libraries too, in strings and buffers that nobody else could reach: those of HTTP, JSON, YAML
// and TOML. So a program that links this file has allocation functions of its own ([new.delete.single], which the array and nothrow forms of
// libstdc++ call). OpenSSL wipes by itself what it calls secret.
//
// Thread safety: as malloc.
#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

// NOLINTBEGIN(cppcoreguidelines-no-malloc): this is what others are told to use.
void* operator new(std::size_t size) {
  while (true) {
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}
// NOLINTEND(cppcoreguidelines-no-malloc)

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
