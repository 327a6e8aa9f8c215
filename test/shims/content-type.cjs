// ESM packages import this CommonJS package as a default; give the CommonJS transform one.
const contentType = require('../../node_modules/content-type/dist/index.js');
module.exports = { ...contentType, __esModule: true, default: contentType };
