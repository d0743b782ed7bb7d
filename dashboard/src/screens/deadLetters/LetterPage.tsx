export const LetterPage = ({ id }: { readonly id: string; readonly fingerprint: string }) => <p>{id}</p>
