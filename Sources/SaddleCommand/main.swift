import SaddleCLI

SaddleCLI.main()
