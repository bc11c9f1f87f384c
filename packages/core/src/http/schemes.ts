/** The words that stand before a token in `Authorization`; which one the server knows is found out. */
export const SCHEMES: readonly string[] = ['Bearer', 'Token']
