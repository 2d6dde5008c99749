// What the AfterEffects types use of TypeScript's own library, which is switched off (noLib): it would allow JSON,
// forEach and trim, and the engine has none of them.
type Extract<T, U> = T extends U ? T : never;

/** What a tag says, see tags.jsx; read from a comment, every value is a string. */
interface TagFields {
  uid: string;
  [name: string]: string | number;
}
