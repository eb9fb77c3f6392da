// Evaluation of a figure's formula, independent of the code that computed the figure.
#ifndef ASSAY_TESTS_EVALUATOR_ECONOMICS_FORMULA_H_
#define ASSAY_TESTS_EVALUATOR_ECONOMICS_FORMULA_H_

#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <string>

namespace assay::evaluator {

// Parses and evaluates an arithmetic expression with this grammar:
//   sum := product (('+'|'-') product)*
//   product := value (('*'|'/') value)*
//   value := number | name | '(' sum ')' | "ceil(" sum ')'
// The inputs must outlive the Formula.
class Formula {
 public:
  Formula(std::string text, const std::map<std::string, double>& inputs)
      : text_(std::move(text)), inputs_(inputs) {}

  // Returns NaN if the text is not a formula or has a name that is not an input.
  double Value() {
    const double value = Sum();
    return at_ == text_.size() ? value : NAN;
  }
  // Returns the inputs that Value() used.
  const std::set<std::string>& used() const { return used_; }

 private:
  char Peek() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  double Sum() {
    double value = Product();
    for (char c = Peek(); c == '+' || c == '-'; c = Peek()) {
      ++at_;
      value = c == '+' ? value + Product() : value - Product();
    }
    return value;
  }

  double Product() {
    double value = Operand();
    for (char c = Peek(); c == '*' || c == '/'; c = Peek()) {
      ++at_;
      value = c == '*' ? value * Operand() : value / Operand();
    }
    return value;
  }

  double Operand() {
    if (Peek() == '(') {
      ++at_;
      const double value = Sum();
      if (Peek() != ')') return NAN;
      ++at_;
      return value;
    }
    std::string word;
    while (at_ < text_.size() && (std::isalnum(text_[at_]) != 0 || text_[at_] == '_')) {
      word += text_[at_++];
    }
    if (word == "ceil") return std::ceil(Operand());
    if (word.empty()) return NAN;
    if (std::isdigit(word.front()) != 0) return std::stod(word);
    const auto input = inputs_.find(word);
    if (input == inputs_.end()) return NAN;
    used_.insert(word);
    return input->second;
  }

  const std::string text_;
  const std::map<std::string, double>& inputs_;
  size_t at_ = 0;
  std::set<std::string> used_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_ECONOMICS_FORMULA_H_
