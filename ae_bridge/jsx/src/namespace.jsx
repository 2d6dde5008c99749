/*
 * The one name that semrender has in the script engine, which all scripts of a session share. Loaded before the other
 * files; loading them again replaces the code and keeps what the session has put here.
 */
var SemrenderAE = SemrenderAE || {};
