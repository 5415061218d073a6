package grant

import _ "rescind/shared/sqlite"
