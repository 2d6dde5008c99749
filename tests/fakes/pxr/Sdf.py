class ValueTypeNames:
    TokenArray = "token[]"
