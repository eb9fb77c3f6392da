// The texts that follow the options in --help: examples, exit codes and limits.
#ifndef ASSAY_CLIENT_COMMANDS_HELP_TEXTS_H_
#define ASSAY_CLIENT_COMMANDS_HELP_TEXTS_H_

namespace assay::client {

inline constexpr char kHelp[] =
    "Examples:\n"
    "  assay models                                 list the server's models\n"
    "  assay generate --content-type linkedin \"Why we measure\"\n"
    "                                               stream one post\n"
    "  assay evaluate --content-type linkedin --prompts 3\n"
    "                                               measure quality, speed and cost\n"
    "  assay --json evaluations get ev-20260131-101500-a1b2c3 | jq .summaries\n"
    "                                               use a result in a script\n"
    "Every command has its own --help.\n\n"
    "Exit codes:\n"
    "  0    success\n"
    "  1    the request or the evaluation failed or was cancelled, or a health check\n"
    "       was negative\n"
    "  2    bad usage, or the server returned INVALID_ARGUMENT\n"
    "  3    no server answers at the address\n"
    "  4    the model, evaluation or file was not found\n"
    "  5    refused for now (overload, open breaker, shutdown): try again later\n"
    "  6    the deadline passed (--timeout, or the server's own)\n"
    "  7    the results do not pass the gate\n"
    "  8    `inspect` only: the server cannot load the model\n"
    "  130  interrupted by Ctrl-C";

inline constexpr char kGenerateHelp[] =
    "Streams the text to standard output and writes a summary line to standard error.\n"
    "Examples:\n"
    "  assay generate --model smollm2_135m \"Write a haiku about rivers\"\n"
    "  assay generate --content-type twitter -f brief.txt > tweet.txt\n"
    "  git diff | assay generate --system \"You review code\" --max-new-tokens 200 -\n"
    "  assay generate --temperature 0.8 --top-p 0.95 --seed 7 \"Three names for a bakery\"\n"
    "  assay generate --messages chat.json --tools tools.json --set enable_thinking=false\n"
    "  assay --json generate --no-stream \"Hello\" | jq -r .text\n"
    "A prompt that begins with a dash must follow `--`. Ctrl-C cancels the request on the server.";

inline constexpr char kEmbedHelp[] =
    "Prints one JSON line per text: {\"vector\":[...],\"tokens\":9}, with \"truncated\":true if "
    "the\n"
    "text was longer than the model's maximum. --similarity prints a table of cosines.\n"
    "Examples:\n"
    "  assay embed --model minilm \"A process audit for small companies\"\n"
    "  assay embed --model minilm --similarity \"The cat sleeps\" \"A cat naps\" \"Rates rise\"\n"
    "  assay embed --model minilm -f texts.jsonl | jq -c .vector > vectors.jsonl\n"
    "A file may have any number of texts; they are sent in requests of 256.";

inline constexpr char kScoreHelp[] =
    "Prints the score, 0 to 10, and every part of it with its reason.\n"
    "Examples:\n"
    "  assay score --content-type email --prompt \"Tell a client that ...\" draft.txt\n"
    "  cat post.md | assay score --content-type linkedin --prompt-file task.txt -\n"
    "  assay --json score --jsonl texts.jsonl | jq '.scores[0].overall'\n"
    "Without models under evaluation.readers of the server, the form and the facts are judged.";

inline constexpr char kEvaluateHelp[] =
    "Runs every model on every prompt, scores the texts, prints a table and logs the runs to\n"
    "MLflow.\n"
    "Examples:\n"
    "  assay evaluate                               all resident models, all prompts\n"
    "  assay evaluate --model smollm2_135m --content-type linkedin --content-type twitter\n"
    "  assay evaluate --prompts 3 --repeats 5 --name \"after the upgrade\"\n"
    "  assay evaluate --prompts mine.jsonl          your own prompts\n"
    "  assay evaluate --prompts hf:openai/gsm8k/main:test --prompt-column question \\\n"
    "      --content-type blog --prompt-limit 50    a random sample of a data set in the cache\n"
    "  assay evaluate --plan study.yaml --report study.html\n"
    "                                               a study from a plan, with its report\n"
    "  assay evaluate --gate \"quality >= 6 AND latency/p90 <= 2\"\n"
    "                                               exit code 7 if the gate fails\n"
    "  assay evaluate --stop-early                  ends when every two candidates differ\n"
    "  assay evaluate --replay ev-20260131-101500-a1b2c3\n"
    "                                               the same plan in the same order\n"
    "  id=$(assay evaluate --detach) && assay evaluations get $id\n"
    "A prompts file is a table (.csv, .tsv, .parquet, .arrow, .feather) or has one JSON object "
    "per\n"
    "line:\n"
    "  {\"id\": \"post-1\", \"content_type\": \"linkedin\", \"prompt\": \"Why we measure\"}\n"
    "Ctrl-C detaches: the evaluation continues until it ends or `assay evaluations cancel` stops\n"
    "it. It also continues after a restart of the server. docs/tasks/evaluation.md describes "
    "plans,\n"
    "gates and reports.";

inline constexpr char kEvaluationsHelp[] =
    "Examples:\n"
    "  assay evaluations list --limit 5\n"
    "  assay evaluations get ev-20260131-101500-a1b2c3\n"
    "  assay --json evaluations get ev-20260131-101500-a1b2c3 --samples | jq -r '.samples[].text'\n"
    "  assay evaluations report ev-20260131-101500-a1b2c3 --output report.html\n"
    "  assay evaluations report ev-20260131-101500-a1b2c3 --format csv > samples.csv\n"
    "  assay evaluations compare ev-20260131-101500-a1b2c3 ev-20260207-101500-d4e5f6\n"
    "  assay evaluations gate ev-20260131-101500-a1b2c3 \"quality >= 6 AND success_rate >= 0.99\"\n"
    "  assay evaluations cancel ev-20260131-101500-a1b2c3\n"
    "  assay evaluations delete --before 90d --dry-run\n"
    "`assay evaluations list` shows the ids. To compare two models of one evaluation, give its id\n"
    "twice, with --baseline-model and --candidate-model.";

inline constexpr char kModelsHelp[] =
    "Examples:\n"
    "  assay models\n"
    "  assay models smollm2_135m\n"
    "  assay models --all                           also the models that `assay pull` can "
    "download\n"
    "  assay --json models | jq -r '.models[].id'";

inline constexpr char kLoadHelp[] =
    "A model that is already resident stays as it is.\n"
    "Examples:\n"
    "  assay load smollm2_135m\n"
    "  assay --timeout 600 load big_model";

inline constexpr char kUnloadHelp[] =
    "Running requests finish first.\n"
    "Examples:\n"
    "  assay unload smollm2_135m";

inline constexpr char kInspectHelp[] =
    "Reads headers, configuration and tokenizer, but no weights. A target that contains a slash "
    "or\n"
    "ends in .gguf is a path; the server must run on this machine to read it.\n"
    "Exit codes:\n"
    "  0  the server can load the model\n"
    "  1  the files are corrupt, for example truncated, or of an unsupported architecture\n"
    "  2  the files are not a model that Assay recognizes\n"
    "  4  no such model or file\n"
    "  8  the server read the files but cannot load the model, for example because of a tensor\n"
    "     type or because the device has too little memory (the reason is printed)\n"
    "Examples:\n"
    "  assay inspect smollm2_135m\n"
    "  assay inspect ~/models/bloom-560m\n"
    "  assay --json inspect ./model.gguf | jq .devices";

inline constexpr char kHealthHelp[] =
    "Loads nothing, so it suits the checks of containers and load balancers.\n"
    "Exit codes:\n"
    "  0  the server, or the model, serves\n"
    "  1  the model does not serve: it is not resident, or its breaker is open\n"
    "  3  no server answers; a server that is stopping refuses new connections\n"
    "  4  no such model\n"
    "Examples:\n"
    "  assay health\n"
    "  assay --timeout 2 health smollm2_135m && echo warm";

inline constexpr char kPullHelp[] =
    "The server downloads into the cache of huggingface_hub (HF_HUB_CACHE, HF_HOME), verifies the\n"
    "files, and continues an interrupted download.\n"
    "Examples:\n"
    "  assay pull bloom_560m\n"
    "  assay pull bloom_560m --json";

inline constexpr char kReloadHelp[] =
    "Sending SIGHUP to assayd does the same. A catalog with an error changes nothing.\n"
    "Examples:\n"
    "  assay reload";

inline constexpr char kJudgeHelp[] =
    "Each pair of texts is judged in both orders; a win counts only if both orders agree. Answers\n"
    "are stored, so a repeated command asks and pays nothing again.\n"
    "Examples:\n"
    "  assay judge ev-20260131-101500-a1b2c3 --judge qwen2_5_0_5b\n"
    "  assay judge ev-20260131-101500-a1b2c3 --judge gpt --judge claude --limit 50\n"
    "  assay judge ev-20260131-101500-a1b2c3 --candidate a --candidate b\n"
    "  assay evaluations report ev-20260131-101500-a1b2c3 shows the result as a section.";

inline constexpr char kRoutesHelp[] =
    "Without a subcommand, lists the routes.\n"
    "Examples:\n"
    "  assay routes                                 list the route of each content type\n"
    "  assay routes explain --content-type blog     show the choice and its evidence\n"
    "  assay routes set email smollm2_135m          route one content type to one model\n"
    "  assay routes set routes.yaml                 set all routes, in the format of models.yaml:\n"
    "    routes:\n"
    "      email: { rule: weighted, models: { a: 90, b: 10 } }\n"
    "      blog: { rule: auto, max_latency: 2s, fallback: [a] }\n"
    "  assay routes reset                           return to the catalog's routes\n"
    "Routes that are set take precedence over the catalog's and survive a restart.";

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_HELP_TEXTS_H_
