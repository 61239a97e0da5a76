// SwiftPM wants a source file; all of this module is in its header.
#include "CLinux.h"
