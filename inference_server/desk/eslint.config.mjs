// What the types cannot say of the desk's modules: no way from a text to code or HTML, and habits that hide mistakes.
const SAFE = "An element is made by dom.js, of text: what is shown may come from anybody.";

export default [
    {
        files: ["**/*.js"],
        languageOptions: {ecmaVersion: 2023, sourceType: "module"},
        linterOptions: {reportUnusedDisableDirectives: "error"},
        rules: {
            "curly": "error",
            "eqeqeq": "error",
            "no-eval": "error",
            "no-implied-eval": "error",
            "no-new-func": "error",
            "no-shadow": ["error", {allow: ["words", "keys", "worker"]}],
            "no-unused-vars": "error",
            "no-var": "error",
            "prefer-const": "error",
            "no-restricted-properties": [
                "error",
                ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => ({property, message: SAFE})),
            ],
            "no-restricted-syntax": [
                "error",
                {selector: "AssignmentExpression[left.property.name=/^(inner|outer)HTML$/]", message: SAFE},
                {selector: "CallExpression[callee.property.name='insertAdjacentHTML']", message: SAFE},
                {selector: "CallExpression[callee.property.name='setAttribute'][arguments.0.value='style']", message: SAFE},
            ],
        },
    },
];
