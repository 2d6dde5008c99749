class ValueTypeNames:
    TokenArray: object
