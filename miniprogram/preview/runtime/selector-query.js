// The framework's SelectorQuery lacks the field `node`, which canvas 2d needs.

/** @param {{createSelectorQuery: () => object}} prototype what pages and components inherit from */
export function addNodeField(prototype) {
  const create = prototype.createSelectorQuery;
  prototype.createSelectorQuery = function () {
    const query = create.call(this);
    const push = query._$push; // internal: the framework's version is pinned for this
    query._$push = (selector, component, single, fields, done) => {
      const found = (result) => {
        if (fields.node && selector) addNodes(component, selector, single ? [result] : result);
        done(result);
      };
      return push.call(query, selector, component, single, fields, found);
    };
    return query;
  };
}

function addNodes(component, selector, results) {
  const elements = component._$.getShadowRoot().querySelectorAll(selector);
  results.forEach((result, index) => {
    const host = elements[index]?.getBackendElement();
    if (result && host) result.node = host.querySelector(':scope > canvas') ?? host;
  });
}
