"""The methods, filters and tests of jinja2 with the kinds of their arguments.

An entry is a name and its parameters. A parameter is "NAME:KIND" (may be given by name), ":KIND" (by
position only), with "?" before it if it is optional. KIND is a type of expressions.generate().
"""

STRING_METHODS = [
    "capitalize", "casefold", "center :width ?:fill", "count :part ?:index ?:index",
    "endswith :parts ?:index ?:index", "expandtabs ?tabsize:small", "find :part ?:index ?:index",
    "index :part ?:index ?:index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit",
    "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper",
    "join :strings", "ljust :width ?:fill", "lower", "lstrip ?:chars", "partition :part",
    "removeprefix :part", "removesuffix :part", "replace :part :short ?:small",
    "rfind :part ?:index ?:index", "rindex :part ?:index ?:index", "rjust :width ?:fill",
    "rpartition :part", "rsplit ?sep:separator ?maxsplit:small", "rstrip ?:chars",
    "split ?sep:separator ?maxsplit:small", "splitlines ?keepends:bool",
    "startswith :parts ?:index ?:index", "strip ?:chars", "swapcase", "title", "upper",
    "zfill :width", "translate :table", "format :any ?:any ?x:any", "format_map :dict"]
LIST_METHODS = ["count :any", "index :any ?:index ?:index", "copy", "append :any", "pop", "sort",
                "reverse", "extend :list", "insert :small :any", "remove :any", "clear"]
TUPLE_METHODS = ["count :any", "index :any ?:index ?:index"]
DICT_METHODS = ["items", "keys", "values", "get :key ?:any", "copy", "pop :key", "update :dict",
                "setdefault :key :any", "clear", "popitem", "fromkeys :list ?:any"]
INTEGER_METHODS = ["bit_length", "bit_count", "conjugate", "as_integer_ratio"]
FLOAT_METHODS = ["is_integer", "conjugate", "as_integer_ratio", "hex"]
RANGE_METHODS = ["count :int", "index :int"]

FILTERS = {
    "str": [
        "capitalize", "center ?width:width", "e", "escape", "forceescape", "format :any ?:any",
        "format ?x:any", "indent ?width:indent ?first:bool ?blank:bool", "length", "count", "list",
        "lower", "upper", "title", "trim ?chars:chars", "replace old:part new:short ?count:small",
        "reverse", "string", "safe", "striptags", "truncate ?length:small ?killwords:bool "
        "?end:short ?leeway:small", "wordcount", "wordwrap ?width:width ?break_long_words:bool "
        "?wrapstring:short ?break_on_hyphens:bool", "urlencode", "first", "last", "int ?default:any "
        "?base:base", "float ?default:any", "tojson ?ensure_ascii:bool", "default ?default_value:any "
        "?boolean:bool", "d ?:any ?:bool", "batch linecount:small ?fill_with:any", "join ?d:short",
        "sort ?reverse:bool ?case_sensitive:bool", "unique ?case_sensitive:bool", "pprint",
        "filesizeformat ?binary:bool", "attr name:attribute", "items", "xmlattr", "abs"],
    "int": ["abs", "float ?default:any", "int ?default:any ?base:base", "round ?precision:small "
            "?method:method", "filesizeformat ?binary:bool", "string", "tojson ?indent:indent",
            "default ?:any", "center ?width:width", "urlencode", "pprint", "length", "upper"],
    "float": ["abs", "float", "int", "round ?precision:small ?method:method",
              "filesizeformat ?binary:bool", "string", "tojson", "pprint", "trim"],
    "list": [
        "batch linecount:small ?fill_with:any", "slice slices:small ?fill_with:any",
        "count", "length", "first", "last", "join ?d:short ?attribute:attribute", "list", "reverse",
        "max ?case_sensitive:bool ?attribute:attribute",
        "min ?case_sensitive:bool ?attribute:attribute", "sort ?reverse:bool ?case_sensitive:bool "
        "?attribute:attributes", "sum ?attribute:attribute ?start:small",
        "unique ?case_sensitive:bool ?attribute:attribute", "map :filter", "map attribute=:attribute "
        "?default:any", "select ?:test", "reject ?:test", "selectattr :attribute ?:test",
        "rejectattr :attribute ?:test", "tojson ?ensure_ascii:bool ?indent:indent "
        "?separators:separators ?sort_keys:bool", "string", "default ?:any ?:bool",
        "groupby attribute:attribute ?default:any ?case_sensitive:bool", "urlencode", "pprint",
        "upper", "select :compare :any", "reject :compare :any", "selectattr :attribute :compare :any",
        "rejectattr :attribute :compare :any", "map :filter1 :any", "items", "abs", "int", "float"],
    "dict": ["dictsort ?case_sensitive:bool ?by:by ?reverse:bool", "items", "length", "list",
             "tojson ?ensure_ascii:bool ?indent:indent ?separators:separators ?sort_keys:bool",
             "urlencode", "xmlattr ?autospace:bool", "first", "last", "string", "attr name:attribute",
             "sort", "join ?:short", "reverse", "pprint", "batch :small", "max", "min", "unique",
             "sum", "map :filter", "select"],
}
TESTS = ["defined", "undefined", "none", "boolean", "false", "true", "integer", "float", "number",
         "string", "mapping", "sequence", "iterable", "callable", "escaped", "lower", "upper", "odd",
         "even", "filter", "test"]
COMPARISONS = ["divisibleby", "eq", "equalto", "==", "ne", "!=", "gt", "greaterthan", ">", "ge", ">=",
               "lt", "lessthan", "<", "le", "<=", "in", "sameas"]
UNARY_FILTERS = ["upper", "lower", "title", "capitalize", "trim", "string", "length", "abs", "int",
                 "float", "list", "first", "last", "sort", "unique", "tojson", "e", "safe", "round",
                 "reverse", "wordcount", "nofilter", "striptags", "urlencode", "sum", "max"]
ARGUMENT_FILTERS = ["default", "join", "int", "float", "round", "replace", "attr", "batch", "format",
                    "indent", "truncate", "center", "trim"]
