// A check for clang-tidy that finds nothing: it has all other checks look at our own declarations only.
//
// clang-tidy matches every check against all that a source includes, then throws away what it found in the system's headers. Where
// <nlohmann/json.hpp> or <gmock/gmock.h> is included that is four fifths of the time. Clang's AST can leave declarations out
// (ASTContext::setTraversalScope; clangd uses it for the same purpose, with the same checks). The translation unit is the first
// node that checks are shown, so what is set when it is met holds for all that follows. The static analyzer does not walk the
// tree this way: it is the same with and without.
//
// Built and loaded by tools/tidy.py, with the headers of the clang-tidy that loads it: LLVM 14 (Debian 12) or 19 (Debian 13).
#include <clang-tidy/ClangTidyCheck.h>
#include <clang-tidy/ClangTidyModule.h>
#include <clang-tidy/ClangTidyModuleRegistry.h>
#include <clang/AST/ASTContext.h>
#include <clang/ASTMatchers/ASTMatchFinder.h>

#include <vector>

namespace borgop {
namespace {

class OwnSourcesCheck : public clang::tidy::ClangTidyCheck {
 public:
  using ClangTidyCheck::ClangTidyCheck;

  void registerMatchers(clang::ast_matchers::MatchFinder* finder) override {
    finder->addMatcher(clang::ast_matchers::translationUnitDecl(), this);
  }

  void check(const clang::ast_matchers::MatchFinder::MatchResult& result) override {
    clang::ASTContext& context = *result.Context;
    const clang::SourceManager& sources = context.getSourceManager();
    std::vector<clang::Decl*> own;
    for (clang::Decl* declaration : context.getTranslationUnitDecl()->decls()) {
      const clang::SourceLocation place = sources.getExpansionLoc(declaration->getLocation());
      if (place.isValid() && !sources.isInSystemHeader(place)) own.push_back(declaration);
    }
    context.setTraversalScope(own);
  }
};

class OwnSourcesModule : public clang::tidy::ClangTidyModule {
 public:
  void addCheckFactories(clang::tidy::ClangTidyCheckFactories& factories) override {
    factories.registerCheck<OwnSourcesCheck>("borgop-own-sources");
  }
};

const clang::tidy::ClangTidyModuleRegistry::Add<OwnSourcesModule> kRegistered("borgop-module",
                                                                              "Has checks look at own declarations only");

}  // namespace
}  // namespace borgop
