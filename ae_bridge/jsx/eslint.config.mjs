// ExtendScript is ECMAScript 3. What this parser refuses (const, arrow functions, trailing commas in objects,
// reserved words as names, #include), After Effects refuses too, only with fewer words.

// What the core may use of After Effects: no dialog, no file content, no other process.
const CORE = `app AlphaMode AutoOrientType AVLayer ShapeLayer TextLayer BlendingMode CameraLayer CompItem File FileSource FolderItem FootageItem ImportAsType MarkerValue ParagraphJustification
    ImportOptions TrackMatteType`;

const names = (words) => Object.fromEntries(words.split(/\s+/).map((name) => [name, "readonly"]));

export default [
    {
        files: ["**/*.jsx"],
        languageOptions: {
            ecmaVersion: 3,
            sourceType: "script",
            globals: {SemrenderAE: "readonly", ...names(CORE)},
        },
        linterOptions: {reportUnusedDisableDirectives: "error"},
        rules: {
            "comma-dangle": ["error", "never"], // [1, 2,] has two or three elements, depending on the engine.
            "curly": "error",
            "eqeqeq": "error",
            "guard-for-in": "error", // All scripts share one engine, and some extend Object.prototype.
            "no-eval": "error",
            "no-extend-native": "error",
            "no-implied-eval": "error",
            "no-nested-ternary": "error", // ExtendScript reads a ? b : c ? d : e from the left.
            "no-new-func": "error",
            "no-redeclare": ["error", {builtinGlobals: false}],
            "no-restricted-syntax": [
                "error",
                ...[
                    "Program > FunctionDeclaration",
                    "Program > VariableDeclaration > :not([id.name='SemrenderAE'])",
                ].map((selector) => ({selector, message: "The only global name of ours is SemrenderAE."})),
            ],
            "no-shadow": "error",
            "no-undef": "error",
            "no-unused-vars": ["error", {caughtErrors: "none"}],
        },
    },
    {
        // Outside the core: files, sockets, windows.
        files: ["panel/*.jsx", "headless/*.jsx", "probe.jsx"],
        languageOptions: {
            globals: names("$ BlendingMode CloseOptions Folder Panel Socket TrackMatteType Window alert confirm"),
        },
    },
];
