// The calling convention of wx.*: callbacks, or a promise when none is given.

/** An Error whose `errMsg` and `errCode` reach the mini-program as WeChat words them. */
export class Refusal extends Error {
  constructor(message, errCode) {
    super(message);
    this.errCode = errCode;
  }
}

/**
 * @param {string} name
 * @param {(options: any) => any} run returns the result's fields, or throws
 */
export function asynchronous(name, run) {
  return (options = {}) => {
    const { success, fail, complete } = options;
    // started at once, not in a later task: some calls must see the tap they come from
    const outcome = invoke(name, run, options);
    if (!success && !fail && !complete) return outcome;
    outcome.then(
      (result) => {
        success?.(result);
        complete?.(result);
      },
      (error) => {
        fail?.(error);
        complete?.(error);
      },
    );
    return undefined;
  };
}

async function invoke(name, run, options) {
  try {
    const result = await run(options);
    return { ...result, errMsg: `${name}:ok` };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (isBug(error)) console.error(error);
    const failure = { errMsg: `${name}:fail ${error.message}` };
    throw error.errCode === undefined ? failure : { ...failure, errCode: error.errCode };
  }
}

/** A refusal is an answer; a reference or syntax error is a mistake of the preview's own. */
const isBug = (error) => error instanceof ReferenceError || error instanceof SyntaxError;
