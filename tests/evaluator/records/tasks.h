// Tasks with known answers for the evaluator's tests.
#ifndef ASSAY_TESTS_EVALUATOR_RECORDS_TASKS_H_
#define ASSAY_TESTS_EVALUATOR_RECORDS_TASKS_H_

#include "evaluator/records/known_answer_task.h"

namespace assay::evaluator {

inline KnownAnswerTask FactsTask() {
  return {
      .name = "facts",
      .items = {{.id = "q1", .context = "2 + 2 =", .choices = {" 4", " fourteen"}, .answer = 0},
                {.id = "q2", .context = "3 + 3 =", .choices = {" 6", " sixteen"}, .answer = 1}}};
}

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_RECORDS_TASKS_H_
