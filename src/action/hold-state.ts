/** The state in which the main step leaves the post step the word of its restore's lock; '' once it has ended by itself. */
export const HOLD_STATE = 'restore-holder';
